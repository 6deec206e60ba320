"""What training and evaluation compute."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bnref.conformance.museum.clean import Array, Gradients, Layer
from bnref.conformance.museum.mutant import bug


@bug("training_normalises_by_the_batch")
class NormalisesByTheUnbiasedVariance(Layer):
    """Training divides by the unbiased standard deviation, the one meant for running_var.

    https://github.com/pytorch/pytorch/issues/7028 https://github.com/pytorch/pytorch/issues/19916
    """

    def moments(self, rows: Array) -> tuple[Array, Array]:
        mean, var = super().moments(rows)
        return mean, self.kept(var, rows.shape[1])

    def kept(self, var: Array, count: int) -> Array:
        return var * (count / max(count - 1, 1))


@bug("training_normalises_by_the_batch", "eps_is_the_one_that_was_asked_for")
class EpsOutsideTheRoot(Layer):
    """Eps is added to the standard deviation, not to the variance.

    https://github.com/pytorch/pytorch/pull/179454 https://github.com/tenstorrent/tt-metal/issues/49784
    """

    def rstd(self, var: Array) -> Array:
        return np.asarray(1 / (np.sqrt(var) + np.asarray(self.config.eps, self.work)))


@bug("training_normalises_by_the_batch", "evaluation_normalises_by_the_running_statistics")
class WeightWithoutItsSign(Layer):
    """The weight is taken by its magnitude; weights that begin at 1 hide it.

    https://github.com/mapillary/inplace_abn/issues/130
    """

    def normalise(self, rows: Array, mean: Array, var: Array, training: bool) -> Array:
        y = super().normalise(rows, mean, var, training)
        bias = self.arrays["bias"][:, None]
        return (y - bias) * np.sign(self.arrays["weight"])[:, None] + bias


@bug("eps_is_the_one_that_was_asked_for", "evaluation_normalises_by_the_running_statistics")
class EvaluationForgetsEps(Layer):
    """What is rewritten for evaluation has the default eps, 1e-5, in place of the model's 1e-3.

    https://github.com/pytorch/ao/issues/4758
    """

    def evaluate(self, x: Array) -> Array:
        asked, self.config = self.config, replace(self.config, eps=1e-5)
        y = super().evaluate(x)
        self.config = asked
        return y


@bug("training_output_ignores_momentum_and_running_statistics")
class OutputDependsOnMomentum(Layer):
    """Training normalises by the running statistics that it has just updated.

    https://github.com/microsoft/onnxruntime/issues/29790
    """

    def train(self, x: Array) -> Array:
        super().train(x)
        return self.evaluate(x)


@bug("training_output_ignores_momentum_and_running_statistics")
class OutputDependsOnRunningMean(Layer):
    """Exported in training mode, the layer subtracts the running mean where it has one.

    https://github.com/microsoft/onnxruntime/issues/26584 https://github.com/pytorch/pytorch/issues/75252
    """

    def normalise(self, rows: Array, mean: Array, var: Array, training: bool) -> Array:
        mean = self.arrays.get("running_mean", mean)
        return super().normalise(rows, mean, var, training)


@bug("without_affine_the_output_is_normalised_only")
class WithoutAffineIsZero(Layer):
    """A layer without affine parameters multiplies by a weight that nobody has set.

    https://github.com/pytorch/pytorch/issues/134580
    """

    def normalise(self, rows: Array, mean: Array, var: Array, training: bool) -> Array:
        y = super().normalise(rows, mean, var, training)
        return y if self.config.affine else 0 * y


@bug("without_affine_the_output_is_normalised_only")
class WithoutAffineNothingFlowsBack(Layer):
    """Without affine parameters backward multiplies by the missing weight.

    https://github.com/pytorch/pytorch/issues/134580
    """

    def gradients(
        self, dy: Array, xhat: Array, rstd: Array, weight: Array, training: bool
    ) -> Gradients:
        weight = weight if self.config.affine else 0 * weight
        return super().gradients(dy, xhat, rstd, weight, training)


@bug("channels_do_not_mix", "training_normalises_by_the_batch")
class OneMeanForAllChannels(Layer):
    """The mean is taken over the channels, too.

    https://github.com/mlpack/mlpack/issues/2474
    """

    def moments(self, rows: Array) -> tuple[Array, Array]:
        mean = np.full(len(rows), rows.mean(), self.work)
        return mean, np.square(rows - mean[:, None]).mean(1)


@bug("channels_do_not_mix")
class SquareBatchIsTransposed(Layer):
    """With as many samples as channels, samples are taken for channels.

    https://github.com/tinygrad/tinygrad/pull/807 https://github.com/mlpack/mlpack/issues/2474
    """

    def rows(self, x: Array) -> Array:
        if x.shape[0] != x.shape[1]:
            return super().rows(x)
        return super().rows(np.swapaxes(x, 0, 1))

    def shaped(self, rows: Array, shape: tuple[int, ...]) -> Array:
        y = super().shaped(rows, shape)
        return np.swapaxes(y, 0, 1).copy() if shape[0] == shape[1] else y


@bug(
    "channels_do_not_mix", "order_of_the_batch_does_not_matter", "training_normalises_by_the_batch"
)
class SumsTheWholeBlock(Layer):
    """A block of the next power of two is summed, and what is past the channel's end is the next channel's.

    https://github.com/flagos-ai/FlagGems/issues/4984
    """

    def moments(self, rows: Array) -> tuple[Array, Array]:
        count, flat = rows.shape[1], rows.ravel()
        block = 1 << max(count - 1, 0).bit_length()
        blocks = [flat[at : at + block] for at in range(0, flat.size, max(count, 1))]
        mean = np.array([part.sum() / count for part in blocks], self.work)
        parts = zip(blocks, mean, strict=True)
        return mean, np.array([np.square(part - m).sum() / count for part, m in parts], self.work)


@bug("output_ignores_shift_and_scale_of_the_input", "a_large_mean_costs_no_more_than_its_size")
class AlwaysInSinglePrecision(Layer):
    """The statistics are taken in one pass in single precision, whatever the type of the input.

    https://github.com/tenstorrent/tt-metal/issues/45968 https://github.com/google/flax/issues/1491
    """

    def moments(self, rows: Array) -> tuple[Array, Array]:
        single = rows.astype("float32")
        mean = single.mean(1)
        var = np.square(single).mean(1) - np.square(mean)
        return mean.astype(self.work), np.maximum(var, 0).astype(self.work)
