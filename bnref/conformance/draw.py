"""Inputs of the checks, from a number: what a reproduction can draw again."""

from __future__ import annotations

import tempfile

import numpy as np

from bnref.conformance.floats import Array, rounded


def draw(
    seed: int,
    shape: tuple[int, ...],
    dtype: str = "float64",
    mean: float = 0.0,
    std: float = 1.0,
) -> Array:
    """Normal values of this type; means and deviations differ between channels, by up to a third.

    >>> x = draw(1, (4, 3, 5), "float32", mean=2.0, std=0.5)
    """
    rng = np.random.default_rng(seed)
    values = rng.standard_normal(shape)
    per_channel = (1, shape[1], *(1,) * (len(shape) - 2)) if len(shape) > 1 else (1,)
    deviations, means = rng.uniform(2 / 3, 4 / 3, (2, *per_channel))
    return rounded(values * std * deviations + mean * means, dtype)


APART = 2**30 + 7
"""Elements between the beginnings of samples that `apart` sets apart."""


def apart(values: Array) -> Array:
    """The same values, each sample 2^30 + 7 elements after the one before: holes take no memory.

    The third sample begins where an index of 32 bits has run out.
    """
    with tempfile.TemporaryFile() as file:
        size = APART * (len(values) - 1) + values[0].size
        held = np.memmap(file, values.dtype, "w+", shape=(size,))
    strides = (APART * values.itemsize, *values[0].strides)
    view = np.lib.stride_tricks.as_strided(held, values.shape, strides)
    view[...] = values
    return np.asarray(view)
