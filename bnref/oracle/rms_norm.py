"""Root Mean Square Normalization in NumPy: one mean square per sample, over channels and space.

    forward     y = weight * xhat      xhat = x / sqrt(E[x^2] + eps)
    backward    dx = (g - xhat * E[g * xhat]) / sqrt(E[x^2] + eps)      g = weight * dy

Source: Zhang & Sennrich 2019, section 3, equation 4.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from bnref.oracle._channels import Array, all_but_channels, along, wide


def forward(x: ArrayLike, weight: ArrayLike, eps: float = 1e-5) -> Array:
    """y (N, C, ...)."""
    x = wide(x)
    return x / _rms(x, eps) * along(wide(weight), x.ndim)


def backward(
    dy: ArrayLike, x: ArrayLike, weight: ArrayLike, eps: float = 1e-5
) -> tuple[Array, Array]:
    """dx (N, C, ...) and dweight (C,) of `forward`, given dy (N, C, ...)."""
    dy, x = wide(dy), wide(x)
    rms = _rms(x, eps)
    xhat, g = x / rms, dy * along(wide(weight), x.ndim)
    slope = (g * xhat).mean(tuple(range(1, x.ndim)), keepdims=True)
    return (g - xhat * slope) / rms, (dy * xhat).sum(all_but_channels(x.ndim))


def _rms(x: Array, eps: float) -> Array:
    """sqrt(E[x^2] + eps) (N, 1, ...)."""
    return np.asarray(np.sqrt(np.square(x).mean(tuple(range(1, x.ndim)), keepdims=True) + eps))
