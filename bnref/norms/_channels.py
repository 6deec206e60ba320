"""Arithmetic per channel that keeps the memory format of (N, C, ...) and is fast in each."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

CACHED = 1 << 17
"""Values of a piece: 512 KiB of float32, so that two or three pieces fit the second-level cache of a core."""


def along(value: Tensor, x: Tensor) -> Tensor:
    """One value per channel (C,), shaped to broadcast against x (N, C, ...)."""
    return value.view(-1, *(1,) * (x.dim() - 2))


def affine(x: Tensor, scale: Tensor, shift: Tensor, out: Tensor | None = None) -> Tensor:
    """`x * scale + shift`; scale and shift broadcast over space, in one shape. `out` may be x.

    addcmul passes over memory once, but runs scalar code where neighbours share scale and shift,
    as they do within a contiguous feature map: there two passes take half the time.
    """
    if x.stride(1) == 1:
        return torch.addcmul(shift, x, scale, out=out)
    return torch.mul(x, scale, out=out).add_(shift)


def wide(dtype: torch.dtype) -> torch.dtype:
    """What statistics of values of this dtype are taken in: float32 for half precision."""
    return torch.float32 if dtype in (torch.float16, torch.bfloat16) else dtype


def moved(buffer: Tensor, kept: float | Tensor, value: Tensor, weight: float | Tensor) -> None:
    """buffer = kept * buffer + weight * value, in place; the weights are numbers or 0-dim tensors.

    Both give the same bits on a CPU. To make a number of a tensor the host waits for the device.
    """
    if isinstance(weight, Tensor):
        buffer.mul_(kept).addcmul_(value, weight.to(value.dtype))
    else:
        buffer.mul_(kept).add_(value, alpha=weight)


def whole(x: Tensor) -> bool:
    """Whether each pass is best over all of x: it stays in a core's cache, or is compiled or elsewhere."""
    fits = x.numel() <= CACHED
    return fits or torch.compiler.is_compiling() or x.device.type != "cpu"


def pieces(*tensors: Tensor) -> Iterable[tuple[Tensor, ...]]:
    """Tensors (N, ...) of one shape cut along N, alike, so that a piece stays in a core's cache.

    Several passes over a piece read main memory once. A tensor that is best passed over as a `whole` is
    one piece.
    """
    first = tensors[0]
    if whole(first):
        return [tensors]
    samples = max(1, CACHED * first.shape[0] // first.numel())
    return zip(*(tensor.split(samples) for tensor in tensors), strict=True)


def channel_sum(x: Tensor) -> Tensor:
    """The sum over the batch and space (1, C, 1, ...)."""
    return x.sum((0, *range(2, x.dim())), keepdim=True)


def add_products(total: Tensor | None, a: Tensor, b: Tensor) -> Tensor:
    """`total` with a * b of another piece added value by value, in place; a * b of the first, the largest."""
    if total is None:
        return a * b
    total[: a.shape[0]].addcmul_(a, b)
    return total
