"""Sizes that a kernel did not expect, and calls that touch what is not theirs."""

from __future__ import annotations

import numpy as np

from bnref.conformance.implementation import Config
from bnref.conformance.museum.clean import Array, Gradients, Layer
from bnref.conformance.museum.mutant import bug

LIMIT = 65535


@bug("sizes_have_no_limit")
class RefusesLargeBatches(Layer):
    """More samples than a grid has blocks are refused as an invalid configuration.

    https://github.com/pytorch/pytorch/issues/2917 https://github.com/torch/cunn/issues/298
    """

    def rows(self, x: Array) -> Array:
        if len(x) > LIMIT:
            raise RuntimeError("invalid configuration argument")
        return super().rows(x)


@bug("sizes_have_no_limit")
class CountsInSixteenBits(Layer):
    """The number of values wraps around after 65535, silently.

    https://github.com/microsoft/onnxruntime/issues/17406
    """

    def moments(self, rows: Array) -> tuple[Array, Array]:
        mean, var = super().moments(rows)
        count = rows.shape[1]
        wrapped = count & LIMIT or count
        return mean * (count / wrapped), var * (count / wrapped)


@bug("sizes_have_no_limit")
class LeavesTheRestUntouched(Layer):
    """Values beyond the last block of the grid are never written.

    https://github.com/pytorch/pytorch/issues/51776 https://github.com/pytorch/pytorch/issues/189828
    """

    def normalise(self, rows: Array, mean: Array, var: Array, training: bool) -> Array:
        y = super().normalise(rows, mean, var, training)
        y[:, LIMIT:] = 0
        return y


@bug("sizes_have_no_limit")
class RefusesToEvaluateLargeBatches(Layer):
    """Evaluation alone has a limit, of 131070 samples.

    https://github.com/pytorch/pytorch/issues/2917
    """

    def evaluate(self, x: Array) -> Array:
        if len(x) > 2 * LIMIT:
            raise RuntimeError("not supported: this may be a non-contiguous input")
        return super().evaluate(x)


@bug("sizes_have_no_limit")
class GradientOfTheFirstBlocks(Layer):
    """The gradient of what lies beyond the last block of the grid stays 0.

    https://github.com/pytorch/pytorch/issues/51776 https://github.com/torch/cunn/issues/298
    """

    def backward(self, dy: Array) -> Gradients:
        dx, dweight, dbias = super().backward(dy)
        dx[LIMIT:] = 0
        return dx, dweight, dbias


@bug("repetition_gives_the_same_bits")
class RaceNowAndThen(Layer):
    """In some runs a sum is read before all of it is written.

    https://github.com/pytorch/pytorch/issues/53691 https://github.com/NervanaSystems/neon/issues/193
    """

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.runs = 0

    def moments(self, rows: Array) -> tuple[Array, Array]:
        self.runs += 1
        mean, var = super().moments(rows)
        return mean, var / 2 if self.runs % 13 == 0 else var


@bug("arrays_handed_over_stay_as_they_are")
class NormalisesInPlace(Layer):
    """The output is written over the input, which others may still need.

    https://github.com/mapillary/inplace_abn/issues/130 https://github.com/ScalingIntelligence/KernelBench/pull/82
    """

    def train(self, x: Array) -> Array:
        x[...] = super().train(x)
        return x


@bug("statistics_may_share_memory_with_parameters")
class StatisticsBeforeOutput(Layer):
    """The running statistics are written before weight and bias, in the same memory, are read.

    https://github.com/tenstorrent/tt-metal/issues/41127 https://github.com/tenstorrent/tt-metal/pull/45578
    """

    def normalise(self, rows: Array, mean: Array, var: Array, training: bool) -> Array:
        if training:
            super().move(mean, var, rows.shape[1])
        return super().normalise(rows, mean, var, training)

    def move(self, mean: Array, var: Array, count: int) -> None:
        pass


@bug("elements_may_lie_far_apart")
class OffsetsInThirtyTwoBits(Layer):
    """Where an element lies is computed in 32 bits: beyond 2^31 elements another one is read.

    https://github.com/pytorch/pytorch/issues/189828 https://github.com/pytorch/pytorch/issues/51776
    """

    def rows(self, x: Array) -> Array:
        steps = np.array(x.strides) // x.itemsize
        places = np.indices(x.shape, np.int32).reshape(x.ndim, -1)
        offsets = (places * steps.astype(np.int32)[:, None]).sum(0, dtype=np.int32)
        reach = (int((steps * (np.array(x.shape) - 1)).sum()) + 1,)
        memory = np.lib.stride_tricks.as_strided(x, reach, (x.itemsize,))
        return super().rows(memory[np.maximum(offsets, 0)].reshape(x.shape))


@bug("more_than_two_to_the_31_elements_are_all_counted")
class RefusesTwoToThe31Elements(Layer):
    """A tensor that 32 bits cannot index is refused.

    https://github.com/pytorch/pytorch/issues/51776
    """

    MEMORY = 48.0

    def rows(self, x: Array) -> Array:
        if x.size > 2**31 - 1:
            raise RuntimeError("expected a tensor that can use 32-bit index math")
        return super().rows(x)
