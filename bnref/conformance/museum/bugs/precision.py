"""Sums and squares that lose what they hold."""

from __future__ import annotations

import numpy as np

from bnref.conformance.museum.clean import Array, Gradients, Layer
from bnref.conformance.museum.mutant import bug

FORWARD = "a_large_mean_costs_no_more_than_its_size"
BACKWARD = "a_large_mean_leaves_the_gradients_right"


def _one_pass(rows: Array) -> tuple[Array, Array]:
    mean = rows.mean(1)
    return mean, np.square(rows).mean(1) - np.square(mean)


@bug(FORWARD)
class OnePassVariance(Layer):
    """The variance is E[x^2] - E[x]^2, and negative where the mean is large.

    https://github.com/tenstorrent/tt-metal/issues/45968 https://github.com/BVLC/caffe/issues/3963
    https://github.com/tensorflow/tensorflow/issues/3290
    """

    def moments(self, rows: Array) -> tuple[Array, Array]:
        return _one_pass(rows)


@bug(FORWARD, BACKWARD)
class OnePassVarianceClamped(Layer):
    """The variance is E[x^2] - E[x]^2, and 0 where that is negative: finite, and as wrong.

    https://github.com/google/flax/issues/1491 https://github.com/keras-team/keras/issues/18795
    """

    def moments(self, rows: Array) -> tuple[Array, Array]:
        mean, var = _one_pass(rows)
        return mean, np.maximum(var, 0)


@bug(BACKWARD)
class OnePassInBackward(Layer):
    """Only the backward pass recomputes the variance, in one pass.

    https://github.com/pytorch/pytorch/issues/5410 https://github.com/jax-ml/jax/issues/33496
    """

    def normalise(self, rows: Array, mean: Array, var: Array, training: bool) -> Array:
        y = super().normalise(rows, mean, var, training)
        if training:
            rstd = self.rstd(np.maximum(_one_pass(rows)[1], 0))
            self.saved = (rows - mean[:, None]) * rstd[:, None], rstd, self.saved[2], training
        return y


@bug("a_constant_channel_gives_the_bias")
class ConstantChannelWithoutEps(Layer):
    """Eps is left out where training divides, so a constant channel is 0 / 0.

    https://github.com/ROCm/MIOpen/issues/248
    """

    def rstd(self, var: Array) -> Array:
        return np.asarray(1 / np.sqrt(var))


@bug("a_constant_channel_gives_the_bias")
class ConstantChannelIsNotZero(Layer):
    """The mean of equal values is a rounding error of the running sum off, and eps enlarges it.

    https://github.com/pytorch/pytorch/issues/8283
    """

    def moments(self, rows: Array) -> tuple[Array, Array]:
        mean, var = super().moments(rows)
        return mean * (1 + 64 * np.finfo(self.work).eps), var


@bug("a_constant_channel_has_finite_gradients")
class ConstantChannelDividesByItsVariance(Layer):
    """The gradient divides by the variance without eps, which is 0 for a constant channel.

    https://github.com/ROCm/MIOpen/issues/248
    """

    def gradients(
        self, dy: Array, xhat: Array, rstd: Array, weight: Array, training: bool
    ) -> Gradients:
        dx, dweight, dbias = super().gradients(dy, xhat, rstd, weight, training)
        return dx + 0 / np.square(xhat).sum(1)[:, None], dweight, dbias


@bug("very_small_and_very_large_values_normalise")
class SquaresTheVariance(Layer):
    """1 / sqrt(var + eps) is taken as sqrt(var + eps) / sqrt((var + eps)^2), which overflows first.

    https://github.com/microsoft/tensorflow-directml-plugin/issues/321
    """

    def rstd(self, var: Array) -> Array:
        var = var + np.asarray(self.config.eps, self.work)
        return np.asarray(np.sqrt(var) / np.sqrt(np.square(var)))


@bug("an_infinite_input_does_not_poison_the_statistics")
class InfinityPoisonsTheStatistics(Layer):
    """The statistics take in a batch with infinities although the optimiser skips that step.

    https://github.com/pytorch/pytorch/issues/88474 https://github.com/Oneflow-Inc/oneflow/issues/9381
    """

    def sound(self, mean: Array, var: Array) -> bool:
        return True
