"""Batch Renormalization in NumPy: batch norm corrected towards the running statistics.

    forward      y = weight * (xhat * r + d) + bias      xhat = (x - mean) / sqrt(var + eps)
                 r = clip(sqrt(var + eps) / sigma, 1 / r_max, r_max)      sigma = sqrt(running_var + eps)
                 d = clip((mean - running_mean) / sigma, -d_max, d_max)
    backward     r and d are constants: dx is batch norm's times r, dweight = sum dy * (xhat * r + d)

Evaluation and running statistics are batch norm's; a batch is normalised before it moves them.

Source: Ioffe 2017, section 3, algorithm 1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from bnref.oracle import batch_norm
from bnref.oracle._channels import Array, wide


def correction(
    x: ArrayLike,
    running_mean: ArrayLike,
    running_var: ArrayLike,
    r_max: float,
    d_max: float,
    eps: float = 1e-5,
) -> tuple[Array, Array]:
    """r and d (C,) of a training batch."""
    mean, var = batch_norm.moments(x)
    sigma = np.sqrt(wide(running_var) + eps)
    r = np.clip(np.sqrt(var + eps) / sigma, 1 / r_max, r_max)
    return r, np.clip((mean - wide(running_mean)) / sigma, -d_max, d_max)


def forward(
    x: ArrayLike, weight: ArrayLike, bias: ArrayLike, r: ArrayLike, d: ArrayLike, eps: float = 1e-5
) -> Array:
    """y (N, C, ...) of a training batch, given its correction."""
    gain, shift = wide(weight) * wide(r), wide(bias) + wide(weight) * wide(d)
    return batch_norm.forward(x, gain, shift, eps)[0]


def backward(
    dy: ArrayLike, x: ArrayLike, weight: ArrayLike, r: ArrayLike, d: ArrayLike, eps: float = 1e-5
) -> tuple[Array, Array, Array]:
    """dx (N, C, ...), dweight (C,) and dbias (C,) of `forward`, given dy (N, C, ...)."""
    dx, dgain, dbias = batch_norm.backward(dy, x, wide(weight) * wide(r), eps)
    return dx, dgain * wide(r) + dbias * wide(d), dbias
