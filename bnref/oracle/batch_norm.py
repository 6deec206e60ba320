"""Batch Normalization in NumPy: one mean and variance per channel, over the batch and space.

    forward      y = weight * xhat + bias      xhat = (x - mean) / sqrt(var + eps), var biased
    backward     dx = weight / sqrt(var + eps) * (dy - E[dy] - xhat * E[dy * xhat])
    evaluation   the same y with the running statistics as constants, so dx is the first term only

Source: Ioffe & Szegedy 2015, algorithm 1, section 3 (the gradients there, with the terms that
vanish left out), algorithm 2; running statistics as torch does them.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from bnref.oracle._channels import Array, all_but_channels, along, wide


def moments(x: ArrayLike) -> tuple[Array, Array]:
    """Mean and biased variance (C,) of x (N, C, ...), the variance from centred values."""
    x = wide(x)
    axes = all_but_channels(x.ndim)
    mean = x.mean(axes)
    return mean, np.square(x - along(mean, x.ndim)).mean(axes)


def forward(
    x: ArrayLike, weight: ArrayLike, bias: ArrayLike, eps: float = 1e-5
) -> tuple[Array, Array, Array]:
    """y (N, C, ...), the mean (C,) and the biased variance (C,) of a training batch."""
    mean, var = moments(x)
    return evaluate(x, mean, var, weight, bias, eps), mean, var


def backward(
    dy: ArrayLike, x: ArrayLike, weight: ArrayLike, eps: float = 1e-5
) -> tuple[Array, Array, Array]:
    """dx (N, C, ...), dweight (C,) and dbias (C,) of `forward`, given dy (N, C, ...)."""
    mean, var = moments(x)
    _, dweight, dbias = evaluate_backward(dy, x, mean, var, weight, eps)
    dy, x = wide(dy), wide(x)
    rank, count = x.ndim, x.size // x.shape[1]
    rstd = 1 / np.sqrt(var + eps)
    xhat = (x - along(mean, rank)) * along(rstd, rank)
    inner = dy - along(dbias / count, rank) - xhat * along(dweight / count, rank)
    return along(wide(weight) * rstd, rank) * inner, dweight, dbias


def running_statistics(
    batches: Iterable[ArrayLike], momentum: float | None = 0.1
) -> tuple[Array, Array]:
    """running_mean and running_var (C,) after these training batches, begun at 0 and 1.

    running = (1 - momentum) * running + momentum * new, where new is the batch's mean and its
    unbiased variance; with momentum None the k-th batch weighs 1 / k, the average of all batches.
    """
    running_mean, running_var = np.zeros(1), np.ones(1)
    for k, batch in enumerate(batches, start=1):
        x = wide(batch)
        count = x.size // x.shape[1]
        new = 1 / k if momentum is None else momentum
        batch_mean, batch_var = moments(x)
        running_mean = (1 - new) * running_mean + new * batch_mean
        running_var = (1 - new) * running_var + new * batch_var * count / (count - 1)
    return running_mean, running_var


def evaluate(
    x: ArrayLike,
    running_mean: ArrayLike,
    running_var: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike,
    eps: float = 1e-5,
) -> Array:
    """y (N, C, ...) of evaluation: the statistics are given, not taken from x."""
    x = wide(x)
    scale = wide(weight) / np.sqrt(wide(running_var) + eps)
    centred = x - along(wide(running_mean), x.ndim)
    return centred * along(scale, x.ndim) + along(wide(bias), x.ndim)


def evaluate_backward(
    dy: ArrayLike,
    x: ArrayLike,
    running_mean: ArrayLike,
    running_var: ArrayLike,
    weight: ArrayLike,
    eps: float = 1e-5,
) -> tuple[Array, Array, Array]:
    """dx (N, C, ...), dweight (C,) and dbias (C,) of `evaluate`, given dy (N, C, ...)."""
    dy, x = wide(dy), wide(x)
    axes = all_but_channels(x.ndim)
    rstd = 1 / np.sqrt(wide(running_var) + eps)
    xhat = (x - along(wide(running_mean), x.ndim)) * along(rstd, x.ndim)
    return dy * along(wide(weight) * rstd, x.ndim), (dy * xhat).sum(axes), dy.sum(axes)
