"""Arithmetic per channel that keeps the memory format of (N, C, ...) and is fast in each."""

from __future__ import annotations

import torch
from torch import Tensor


def along(value: Tensor, x: Tensor) -> Tensor:
    """One value per channel (C,), shaped to broadcast against x (N, C, ...)."""
    return value.view(-1, *(1,) * (x.dim() - 2))


def affine(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """`x * scale + shift`; scale and shift broadcast over space, in one shape.

    addcmul passes over memory once, but runs scalar code where neighbours share scale and shift,
    as they do within a contiguous feature map: there two passes take half the time.
    """
    if x.stride(1) == 1:
        return torch.addcmul(shift, x, scale)
    return (x * scale).add_(shift)
