"""Ghost Batch Normalization in NumPy: batch norm of each run of `ghost` samples on its own.

    forward, backward    those of batch norm, ghost by ghost; dweight and dbias summed over ghosts
    running statistics   one update per batch by the ghosts' means and unbiased variances, averaged
                         with their sizes as weights; or, sequential, one update per ghost

Source: Hoffer, Hubara & Soudry 2017, algorithm 1.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from bnref.oracle import batch_norm
from bnref.oracle._channels import Array, wide


def forward(
    x: ArrayLike, weight: ArrayLike, bias: ArrayLike, ghost: int, eps: float = 1e-5
) -> Array:
    """y (N, C, ...) of a training batch; the last ghost may be smaller."""
    ghosts = _split(x, ghost)
    return np.concatenate([batch_norm.forward(g, weight, bias, eps)[0] for g in ghosts])


def backward(
    dy: ArrayLike, x: ArrayLike, weight: ArrayLike, ghost: int, eps: float = 1e-5
) -> tuple[Array, Array, Array]:
    """dx (N, C, ...), dweight (C,) and dbias (C,) of `forward`, given dy (N, C, ...)."""
    pairs = zip(_split(dy, ghost), _split(x, ghost), strict=True)
    dx, dweight, dbias = zip(
        *(batch_norm.backward(dy_g, x_g, weight, eps) for dy_g, x_g in pairs), strict=True
    )
    return np.concatenate(dx), np.sum(dweight, axis=0), np.sum(dbias, axis=0)


def running_statistics(
    batches: Iterable[ArrayLike],
    ghost: int,
    momentum: float | None = 0.1,
    sequential: bool = False,
) -> tuple[Array, Array]:
    """running_mean and running_var (C,) after these training batches, begun at 0 and 1."""
    if sequential:
        return batch_norm.running_statistics(
            [g for batch in batches for g in _split(batch, ghost)], momentum
        )
    running_mean, running_var = np.zeros(1), np.ones(1)
    for k, batch in enumerate(batches, start=1):
        ghosts = _split(batch, ghost)
        new, sizes = 1 / k if momentum is None else momentum, [len(g) for g in ghosts]
        found = [batch_norm.running_statistics([g], momentum=1.0) for g in ghosts]
        mean, var = (np.average(parts, axis=0, weights=sizes) for parts in zip(*found, strict=True))
        running_mean = (1 - new) * running_mean + new * mean
        running_var = (1 - new) * running_var + new * var
    return running_mean, running_var


def _split(x: ArrayLike, ghost: int) -> list[Array]:
    x = wide(x)
    return [x[start : start + ghost] for start in range(0, len(x), ghost)]
