"""What both oracles need to know about arrays (N, C, ...)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]


def wide(value: ArrayLike) -> Array:
    """The array in float64, or in its own dtype if that is wider."""
    array = np.asarray(value)
    return array.astype(np.promote_types(array.dtype, np.float64))


def along(value: Array, rank: int) -> Array:
    """One value per channel (C,), shaped to broadcast against an array of that rank."""
    return value.reshape(-1, *(1,) * (rank - 2))


def all_but_channels(rank: int) -> tuple[int, ...]:
    """The axes that a sum per channel runs over."""
    return (0, *range(2, rank))
