"""Group, layer, instance and RMS norm with bugs of their own."""

from __future__ import annotations

import numpy as np

from bnref.conformance.floats import rounded
from bnref.conformance.museum.clean import Array, Gradients
from bnref.conformance.museum.clean_samples import RMSLayer, SampleLayer
from bnref.conformance.museum.mutant import ALL, bug

OWN = "samples_are_normalised_by_their_own_statistics"
GRADIENTS = "gradients_within_samples_are_those_of_the_formula"
ALONE = "the_rest_of_the_batch_does_not_matter"
HALVES = "halves_of_a_sample_sum_in_a_wider_type"


@bug(OWN)
class GroupsOfPowersOfTwo(SampleLayer):
    """Groups are read in blocks of a power of two, and what fills the last block counts as 0.

    https://github.com/FlagOpen/FlagGems/issues/4984
    """

    def pooled(self, grouped: Array) -> tuple[Array, Array]:
        m = grouped.shape[2]
        block = 1 << (m - 1).bit_length()
        mean = grouped.sum(2, keepdims=True) / m
        padded = np.pad(grouped - mean, ((0, 0), (0, 0), (0, block - m)))
        return mean, np.square(padded).mean(2, keepdims=True)


@bug(OWN)
class GroupsAreInterleaved(SampleLayer):
    """Channels are dealt out to the groups in turn, not in consecutive runs.

    https://github.com/pytorch/pytorch/issues/140913
    """

    def grouped(self, x: Array) -> Array:
        inner = x.reshape(len(x), -1, self.config.groups, *x.shape[2:])
        return super().grouped(np.moveaxis(inner, 2, 1))


@bug(OWN)
class VarianceOfAGroupIsUnbiased(SampleLayer):
    """The variance of a group is divided by m - 1.

    https://github.com/pytorch/pytorch/issues/115940
    """

    def pooled(self, grouped: Array) -> tuple[Array, Array]:
        mean, var = super().pooled(grouped)
        return mean, var * grouped.shape[2] / (grouped.shape[2] - 1)


@bug(OWN)
class RootMeanSquareIsCentred(RMSLayer):
    """RMS norm subtracts the mean, as layer norm does.

    https://github.com/pytorch/pytorch/issues/140913
    """

    def pooled(self, grouped: Array) -> tuple[Array, Array]:
        return SampleLayer.pooled(self, grouped)


@bug(GRADIENTS)
class GradientOfAGroupForgetsTheMean(SampleLayer):
    """The gradient through the mean of the group is left out.

    https://github.com/FlagOpen/FlagGems/issues/4984
    """

    def inner(self, g: Array, xhat: Array) -> Array:
        return g - xhat * (g * xhat).mean(2, keepdims=True)


@bug(GRADIENTS)
class ParameterGradientsOfTheFirstSample(SampleLayer):
    """The gradients of weight and bias are those of one sample.

    https://github.com/pytorch/pytorch/issues/140913
    """

    def backward(self, dy: Array) -> Gradients:
        dx, _, _ = super().backward(dy)
        slopes, axes = (dy * self.normalised[0])[0], tuple(range(1, dy.ndim - 1))
        return dx, slopes.sum(axes), dy[0].sum(axes)


@bug("a_large_mean_of_a_sample_costs_no_more_than_its_size")
class GroupInOnePass(SampleLayer):
    """The variance of a group is E[x^2] - E[x]^2, which cancels.

    https://github.com/pytorch/pytorch/issues/111824
    """

    def pooled(self, grouped: Array) -> tuple[Array, Array]:
        mean = grouped.mean(2, keepdims=True)
        return mean, np.maximum(np.square(grouped).mean(2, keepdims=True) - mean * mean, 0)


@bug(HALVES, dtypes=ALL)
class GroupStatisticsInHalf(SampleLayer):
    """Mean and variance of half inputs are rounded to half, and squares overflow there.

    https://github.com/pytorch/pytorch/pull/190245
    """

    def pooled(self, grouped: Array) -> tuple[Array, Array]:
        mean, var = super().pooled(grouped)
        if self.config.dtype == self.work:
            return mean, var
        return rounded(mean, self.config.dtype), rounded(var, self.config.dtype)


@bug(ALONE)
class SamplesShareTheVariance(SampleLayer):
    """The mean is of each sample, the variance of the whole batch.

    https://github.com/KimSoybean/ScratchDet/issues/5
    """

    def pooled(self, grouped: Array) -> tuple[Array, Array]:
        mean, var = super().pooled(grouped)
        return mean, np.broadcast_to(var.mean(0, keepdims=True), var.shape)


@bug("memory_format_of_samples_does_not_matter")
class GroupsInTheOrderOfMemory(SampleLayer):
    """Groups are read as they lie in memory, whatever the strides say.

    https://github.com/pytorch/pytorch/issues/111824
    """

    def grouped(self, x: Array) -> Array:
        return super().grouped(x.ravel("K").reshape(x.shape))
