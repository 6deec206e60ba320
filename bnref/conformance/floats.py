"""The four float types of the checks, in NumPy: rounding, spacing, and how their errors grow."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

DIGITS = {"float64": 53, "float32": 24, "float16": 11, "bfloat16": 8}
"""The precision of each type in bits; a value of magnitude 1 is within 2^-digits of its rounding."""
LARGEST = {"float64": 1.7e308, "float32": 3.4e38, "float16": 65504.0, "bfloat16": 3.3e38}
SMALLEST = {"float64": -1022, "float32": -126, "float16": -14, "bfloat16": -126}
"""The exponent of the smallest normal number of each type."""


def carrier(dtype: str) -> str:
    """The NumPy type that values of this type travel in."""
    return "float32" if dtype == "bfloat16" else dtype


def working(dtype: str) -> str:
    """The type to compute in at least: float32 for the half types."""
    return "float64" if dtype == "float64" else "float32"


def rounded(values: Array, dtype: str) -> Array:
    """The nearest values of this type, ties to even."""
    with np.errstate(over="ignore", invalid="ignore"):
        values = np.asarray(values).astype(carrier(dtype))
    if dtype != "bfloat16":
        return values
    bits = np.ascontiguousarray(values).view(np.uint32)
    keep = bits + (np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1)))
    even = (keep & np.uint32(0xFFFF0000)).view(np.float32)
    return np.where(np.isfinite(values), even, values)


def unit(dtype: str) -> float:
    """The spacing of this type just above 1."""
    return float(2.0 ** (1 - DIGITS[dtype]))


def ulp(magnitude: Array, dtype: str) -> Array:
    """One unit in the last place of values of this magnitude."""
    floor = 2.0 ** SMALLEST[dtype]
    exponent = np.floor(np.log2(np.maximum(np.abs(magnitude).astype(np.float64), floor)))
    return np.exp2(exponent + 1 - DIGITS[dtype])


def growth(count: int) -> float:
    """How many roundings the sum of `count` numbers may lose, in any sensible order.

    A running sum in sequence loses about sqrt(count) (random signs), a pairwise one log2(count).
    """
    return 4 + 2 * float(np.sqrt(count))
