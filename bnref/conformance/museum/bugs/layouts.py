"""Memory that is read as if it were contiguous."""

from __future__ import annotations

import numpy as np

from bnref.conformance.museum.clean import Array, Gradients, Layer
from bnref.conformance.museum.mutant import bug

FORMAT, SLICE = "memory_format_does_not_matter", "slices_and_offsets_do_not_matter"


def _as_stored(x: Array) -> Array:
    """The values in the order of memory, taken for (N, C, ...) in order."""
    return x.ravel(order="K").reshape(x.shape)


def _start(x: Array) -> Array:
    """The beginning of the storage that x is a view of."""
    while isinstance(x.base, np.ndarray):
        x = x.base
    return x


@bug(FORMAT)
class ChannelsLastAsStored(Layer):
    """A channels-last input is read in the order of memory.

    https://github.com/pytorch/pytorch/issues/62594 https://github.com/ROCm/pytorch/issues/1561
    """

    def rows(self, x: Array) -> Array:
        return super().rows(_as_stored(x))


@bug(FORMAT)
class WeightGradientOfCotangentAsStored(Layer):
    """dweight alone reads the cotangent in the order of memory, and is orders off for channels-last.

    https://github.com/pytorch/pytorch/issues/175189
    """

    def backward(self, dy: Array) -> Gradients:
        dx, _, dbias = super().backward(dy)
        return dx, super().backward(_as_stored(dy))[1], dbias


@bug(FORMAT)
class InputGradientLikeTheCotangent(Layer):
    """dx is laid out as the cotangent and labelled as the input, as a regression for permuted inputs had it.

    https://github.com/pytorch/pytorch/issues/62967 https://github.com/pytorch/pytorch/issues/64039
    """

    def backward(self, dy: Array) -> Gradients:
        dx, dweight, dbias = super().backward(dy)
        as_dy = np.empty_like(dy)
        as_dy[...] = dx
        return _as_stored(as_dy), dweight, dbias


@bug(FORMAT)
class StatisticsOfChannelsLastOff(Layer):
    """For channels-last inputs the running variance alone is three percent off.

    https://github.com/ROCm/pytorch/issues/1561
    """

    def rows(self, x: Array) -> Array:
        self.off = 1 if x.flags.c_contiguous else np.float32(1.03)
        return super().rows(x)

    def kept(self, var: Array, count: int) -> Array:
        return super().kept(var, count) * self.off


@bug(FORMAT)
class ExpandedIsTakenForFull(Layer):
    """A cotangent of stride 0 is read as if each value had its own place: past its end is garbage.

    https://github.com/pytorch/pytorch/issues/134580
    """

    def backward(self, dy: Array) -> Gradients:
        if 0 not in dy.strides:
            return super().backward(dy)
        stored = np.resize(_start(dy).ravel()[: dy.size // dy.shape[-1]], dy.shape)
        return super().backward(stored)


@bug(SLICE)
class OffsetIsIgnored(Layer):
    """A slice is read from the beginning of its storage.

    https://github.com/pytorch/pytorch/issues/133520
    """

    def rows(self, x: Array) -> Array:
        view = np.lib.stride_tricks.as_strided(_start(x), x.shape, x.strides)
        return super().rows(view)


@bug(SLICE)
class StepsAreIgnored(Layer):
    """A slice with steps is read without them, from where it begins.

    https://github.com/pytorch/pytorch/issues/133520 https://github.com/pytorch/pytorch/issues/156555
    """

    def rows(self, x: Array) -> Array:
        dense = np.cumprod([x.itemsize, *x.shape[:0:-1]])[::-1]
        expanded = [
            0 if step == 0 else int(size) for step, size in zip(x.strides, dense, strict=True)
        ]
        return super().rows(np.lib.stride_tricks.as_strided(x, x.shape, expanded))
