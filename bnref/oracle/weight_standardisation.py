"""Weight Standardization in NumPy: weights (out, in, ...) by their mean and unbiased std per output.

    forward     What = (W - mean) / (std + eps)      of n weights per output
    backward    dW = (dWhat - E[dWhat] - (W - mean) / std * sum(dWhat * What) / (n - 1)) / (std + eps)

Source: Qiao et al. 2019, section 3; std and eps as in the authors' code.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from bnref.oracle._channels import Array, wide


def forward(weight: ArrayLike, eps: float = 1e-5) -> Array:
    """The standardised weights (out, in, ...)."""
    weight = wide(weight)
    centred, std = _centre(weight)
    return (centred / (std + eps)).reshape(weight.shape)


def backward(dy: ArrayLike, weight: ArrayLike, eps: float = 1e-5) -> Array:
    """dW (out, in, ...), given the gradient dy of the standardised weights."""
    weight = wide(weight)
    dy = wide(dy).reshape(len(weight), -1)
    centred, std = _centre(weight)
    n = dy.shape[1]
    along_w = (dy * centred).sum(1, keepdims=True) / (std + eps) / (n - 1)
    inner: Array = dy - dy.mean(1, keepdims=True) - centred / std * along_w
    dw: Array = (inner / (std + eps)).reshape(weight.shape)
    return dw


def _centre(weight: Array) -> tuple[Array, Array]:
    """W - mean (out, n) and the unbiased standard deviation (out, 1)."""
    flat = weight.reshape(len(weight), -1)
    centred = flat - flat.mean(1, keepdims=True)
    return centred, np.sqrt(np.square(centred).sum(1, keepdims=True) / (flat.shape[1] - 1))
