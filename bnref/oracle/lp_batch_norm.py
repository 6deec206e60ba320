"""lp Batch Normalization in NumPy: batch norm that divides by an l1, l2 or largest-value norm.

    forward      y = weight * (x - mean) / scale + bias      scale = (moment + eps)^(1/p)
                 moment = E|z|^p, or max|z| with exponent 1 where p is inf; z = x, or x - mean if centred
    backward     dx = weight / scale * (dy - E[dy]) + dmoment * slope      slope = d moment / dx
                 dmoment = -weight * sum(dy * (x - mean)) / scale^2 * d scale / d moment

Where |z| has a corner, the mean of both sides: 0 at 0, shared among equal maxima.

Source: Santurkar et al. 2018, section 3.3.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from bnref.oracle._channels import Array, all_but_channels, along, wide


def moments(x: ArrayLike, p: float, centred: bool = False) -> tuple[Array, Array]:
    """The mean and E|z|^p, or max|z|, of each channel (C,)."""
    x = wide(x)
    axes = all_but_channels(x.ndim)
    mean = x.mean(axes)
    z = np.abs(x - along(mean, x.ndim) if centred else x)
    return mean, z.max(axes) if p == np.inf else (z**p).mean(axes)


def forward(
    x: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike,
    p: float,
    centred: bool = False,
    eps: float = 1e-5,
) -> Array:
    """y (N, C, ...) of a training batch."""
    return evaluate(x, *moments(x, p, centred), weight, bias, p, eps)


def evaluate(
    x: ArrayLike,
    mean: ArrayLike,
    moment: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike,
    p: float,
    eps: float = 1e-5,
) -> Array:
    """y (N, C, ...) of evaluation: the statistics are given, not taken from x."""
    x = wide(x)
    scale = wide(weight) / (wide(moment) + eps) ** (1 / _root(p))
    return (x - along(wide(mean), x.ndim)) * along(scale, x.ndim) + along(wide(bias), x.ndim)


def backward(
    dy: ArrayLike,
    x: ArrayLike,
    weight: ArrayLike,
    p: float,
    centred: bool = False,
    eps: float = 1e-5,
) -> tuple[Array, Array, Array]:
    """dx (N, C, ...), dweight (C,) and dbias (C,) of `forward`, given dy (N, C, ...)."""
    mean, moment = moments(x, p, centred)
    dy, x, weight = wide(dy), wide(x), wide(weight)
    axes, rank, count, q = all_but_channels(x.ndim), x.ndim, x.size // x.shape[1], _root(p)
    xc = x - along(mean, rank)
    z = xc if centred else x
    if p == np.inf:
        largest = np.abs(z) == along(moment, rank)
        slope = np.sign(z) * largest / largest.sum(axes, keepdims=True)
    else:
        slope = p * np.abs(z) ** (p - 1) * np.sign(z) / count
    if centred:
        slope = slope - slope.mean(axes, keepdims=True)
    scale = (moment + eps) ** (1 / q)
    dbias, dot = dy.sum(axes), (dy * xc).sum(axes)
    dmoment = -weight * dot / scale**2 * scale / (q * (moment + eps))
    dx = along(weight / scale, rank) * (dy - along(dbias / count, rank))
    return dx + along(dmoment, rank) * slope, dot / scale, dbias


def running_statistics(
    batches: Iterable[ArrayLike], p: float, centred: bool = False, momentum: float | None = 0.1
) -> tuple[Array, Array]:
    """running_mean and running_moment (C,) after these training batches, begun at 0 and 1."""
    running_mean, running_moment = np.zeros(1), np.ones(1)
    for k, batch in enumerate(batches, start=1):
        new = 1 / k if momentum is None else momentum
        mean, moment = moments(batch, p, centred)
        running_mean = (1 - new) * running_mean + new * mean
        running_moment = (1 - new) * running_moment + new * moment
    return running_mean, running_moment


def _root(p: float) -> float:
    """The root that is taken of the moment."""
    return 1 if p == np.inf else p
