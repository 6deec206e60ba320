"""Statistics of a population that was seen in batches, in NumPy: from all its values at once.

    total variance       mean and biased variance of all values together
    mean of variances    the batches' means and unbiased variances, averaged with equal weights

Source: Wu & Johnson 2021, section 3; Ioffe & Szegedy 2015, algorithm 2, step 10.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from bnref.oracle import batch_norm
from bnref.oracle._channels import Array, wide


def total_variance(batches: Sequence[ArrayLike]) -> tuple[Array, Array]:
    """Mean and variance (C,); the batches (N, C, ...) may differ in N."""
    return batch_norm.moments(np.concatenate([wide(batch) for batch in batches]))


def mean_of_variances(batches: Sequence[ArrayLike]) -> tuple[Array, Array]:
    """Mean and variance (C,); every batch weighs the same."""
    return batch_norm.running_statistics(batches, momentum=None)
