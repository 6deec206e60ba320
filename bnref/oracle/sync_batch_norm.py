"""Synchronised Batch Normalization in NumPy: batch norm of the joined shards, split again.

Running statistics are `batch_norm.running_statistics` of the joined batches.

Source: Peng et al. 2018 (MegDet), section 3.3.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from bnref.oracle import batch_norm
from bnref.oracle._channels import Array, wide


def forward(
    shards: Sequence[ArrayLike], weight: ArrayLike, bias: ArrayLike, eps: float = 1e-5
) -> list[Array]:
    """Each rank's y (N of the rank, C, ...); a shard may be empty."""
    y, _, _ = batch_norm.forward(join(shards), weight, bias, eps)
    return _split(y, shards)


def backward(
    dys: Sequence[ArrayLike], shards: Sequence[ArrayLike], weight: ArrayLike, eps: float = 1e-5
) -> tuple[list[Array], Array, Array]:
    """Each rank's dx, and dweight and dbias (C,) summed over ranks, of the ranks' losses together."""
    dx, dweight, dbias = batch_norm.backward(join(dys), join(shards), weight, eps)
    return _split(dx, shards), dweight, dbias


def join(shards: Sequence[ArrayLike]) -> Array:
    """The batch that the ranks hold together."""
    return np.concatenate([wide(shard) for shard in shards])


def _split(joined: Array, shards: Sequence[ArrayLike]) -> list[Array]:
    return np.split(joined, np.cumsum([len(wide(shard)) for shard in shards])[:-1])
