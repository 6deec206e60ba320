"""Batch norm with a gradient that takes statistics for constants, in NumPy; forward is batch norm's.

    stop="both"    dx = weight * rstd * dy      rstd = 1 / sqrt(var + eps)
    stop="mean"    dx = weight * rstd * (dy - xhat * E[dy * xhat])
    stop="var"     dx = weight * rstd * (dy - E[dy])

Source: Ioffe & Szegedy 2015, section 2.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from bnref.oracle import batch_norm
from bnref.oracle._channels import Array, along, wide


def backward(
    dy: ArrayLike, x: ArrayLike, weight: ArrayLike, stop: str = "both", eps: float = 1e-5
) -> tuple[Array, Array, Array]:
    """dx (N, C, ...), dweight (C,) and dbias (C,), given dy (N, C, ...)."""
    mean, var = batch_norm.moments(x)
    _, dweight, dbias = batch_norm.evaluate_backward(dy, x, mean, var, weight, eps)
    dy, x = wide(dy), wide(x)
    rank, count, rstd = x.ndim, x.size // x.shape[1], 1 / np.sqrt(var + eps)
    inner = dy
    if stop == "mean":
        inner = dy - (x - along(mean, rank)) * along(rstd * dweight / count, rank)
    elif stop == "var":
        inner = dy - along(dbias / count, rank)
    return along(wide(weight) * rstd, rank) * inner, dweight, dbias
