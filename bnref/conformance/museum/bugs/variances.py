"""Which variance the running one follows."""

from __future__ import annotations

import numpy as np

from bnref.conformance.implementation import Conventions
from bnref.conformance.museum.clean import Array, Layer
from bnref.conformance.museum.mutant import bug


@bug("running_variance_is_of_the_declared_kind", "running_statistics_follow_the_batches")
class BiasedRunningVariance(Layer):
    """running_var follows the biased variance where the unbiased one is declared.

    https://github.com/ml-explore/mlx/pull/3817 https://github.com/rwth-i6/returnn/issues/1539
    https://github.com/keras-team/keras/issues/8982
    """

    def kept(self, var: Array, count: int) -> Array:
        return var


@bug("running_variance_is_of_the_declared_kind", conventions=Conventions(running_variance="biased"))
class UnbiasedRunningVariance(Layer):
    """running_var follows the unbiased variance where the biased one is declared, as a fused kernel did.

    https://github.com/tensorflow/tensorflow/issues/55545 https://github.com/keras-team/keras/issues/9028
    """


@bug("running_variance_is_of_the_declared_kind")
class SmallBatchesAreBiased(Layer):
    """Two paths of one library disagree: small inputs take the one that forgot Bessel's factor.

    https://github.com/CanReader/FastNN/issues/11
    """

    def kept(self, var: Array, count: int) -> Array:
        return var if count < 4 else super().kept(var, count)


@bug("running_variance_is_of_the_declared_kind")
class BesselInverted(Layer):
    """Bessel's factor is (m - 1) / m.

    https://github.com/pytorch/pytorch/issues/19902
    """

    def kept(self, var: Array, count: int) -> Array:
        return var * ((count - 1) / count)


class _Sized(Layer):
    """A layer that remembers the shape of its last input."""

    shape: tuple[int, ...] = ()

    def rows(self, x: Array) -> Array:
        self.shape = x.shape
        return super().rows(x)


def _bessel(var: Array, count: int) -> Array:
    return var * np.float32(count / max(count - 1, 1))


@bug("running_variance_counts_samples_and_space")
class BesselOfTheSamples(_Sized):
    """The m of m / (m - 1) is the number of samples, without their positions.

    https://github.com/tinygrad/tinygrad/pull/807
    """

    def kept(self, var: Array, count: int) -> Array:
        return _bessel(var, self.shape[0])


@bug("running_variance_counts_samples_and_space")
class BesselOfTheChannels(_Sized):
    """The m of m / (m - 1) is the number of channels.

    https://github.com/mlpack/mlpack/issues/2474
    """

    def kept(self, var: Array, count: int) -> Array:
        return _bessel(var, self.shape[1])


@bug("running_variance_counts_samples_and_space")
class BesselOfThePositions(_Sized):
    """The m of m / (m - 1) is the number of positions of one sample.

    https://github.com/tinygrad/tinygrad/pull/807 https://github.com/mlpack/mlpack/issues/2474
    """

    def kept(self, var: Array, count: int) -> Array:
        return _bessel(var, count // self.shape[0])


@bug("running_variance_is_of_the_declared_kind")
class FlatInputsAreBiased(_Sized):
    """Inputs (N, C) take the unfused path, which keeps the other variance than the fused one.

    https://github.com/tensorflow/tensorflow/issues/55545
    """

    def kept(self, var: Array, count: int) -> Array:
        return var if len(self.shape) == 2 else super().kept(var, count)


@bug("running_statistics_follow_the_batches")
class DeviationForVariance(Layer):
    """The standard deviation is kept where the variance is meant.

    https://github.com/soumith/cudnn.torch/issues/244
    """

    def kept(self, var: Array, count: int) -> Array:
        return np.asarray(np.sqrt(super().kept(var, count)))
