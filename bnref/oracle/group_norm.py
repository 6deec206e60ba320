"""Group Normalization in NumPy: one mean and variance per sample and group of channels.

    forward    y = weight * xhat + bias      xhat = (x - mean) / sqrt(var + eps), var biased
    backward   dx = (g - E[g] - xhat * E[g * xhat]) / sqrt(var + eps)      g = weight * dy

groups=1 is layer norm over channels and space, groups=C is instance norm.

Source: Wu & He 2018, section 3, equations 1, 2, 6 and 7.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from bnref.oracle._channels import Array, all_but_channels, along, wide


def forward(
    x: ArrayLike, weight: ArrayLike, bias: ArrayLike, groups: int, eps: float = 1e-5
) -> tuple[Array, Array, Array]:
    """y (N, C, ...), the mean (N, groups) and the biased variance (N, groups) of each group."""
    x = wide(x)
    xhat, mean, var = _normalised(x, groups, eps)
    y = xhat * along(wide(weight), x.ndim) + along(wide(bias), x.ndim)
    return y, mean[..., 0], var[..., 0]


def backward(
    dy: ArrayLike, x: ArrayLike, weight: ArrayLike, groups: int, eps: float = 1e-5
) -> tuple[Array, Array, Array]:
    """dx (N, C, ...), dweight (C,) and dbias (C,) of `forward`, given dy (N, C, ...)."""
    dy, x = wide(dy), wide(x)
    axes = all_but_channels(x.ndim)
    xhat, _, var = _normalised(x, groups, eps)
    g = _grouped(dy * along(wide(weight), x.ndim), groups)
    xhat_grouped = _grouped(xhat, groups)
    slope = (g * xhat_grouped).mean(2, keepdims=True)
    dx = (g - g.mean(2, keepdims=True) - xhat_grouped * slope) / np.sqrt(var + eps)
    return dx.reshape(x.shape), (dy * xhat).sum(axes), dy.sum(axes)


def _grouped(x: Array, groups: int) -> Array:
    """(N, C, ...) as (N, groups, values of a group)."""
    return x.reshape(x.shape[0], groups, -1)


def _normalised(x: Array, groups: int, eps: float) -> tuple[Array, Array, Array]:
    """xhat (N, C, ...), mean and biased variance (N, groups, 1)."""
    grouped = _grouped(x, groups)
    mean = grouped.mean(2, keepdims=True)
    centred = grouped - mean
    var = np.square(centred).mean(2, keepdims=True)
    return (centred / np.sqrt(var + eps)).reshape(x.shape), mean, var
