"""Debiased Batch Normalization in NumPy: batch norm, but for its running statistics.

    s_0 = 0      s_t = (1 - momentum) * s_(t-1) + momentum * new      running = s_t / (1 - (1 - momentum)^t)

Source: Kingma & Ba 2015, section 3.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from bnref.oracle import batch_norm
from bnref.oracle._channels import Array, wide


def running_statistics(
    batches: Sequence[ArrayLike], momentum: float | None = 0.1
) -> tuple[Array, Array]:
    """running_mean and running_var (C,) after these batches: mean and unbiased variance, debiased."""
    if momentum is None or momentum == 1:  # the plain average, the last batch: no bias
        return batch_norm.running_statistics(batches, momentum)
    mean, var = wide(0.0), wide(0.0)
    for batch in batches:
        new_mean, new_var = batch_norm.running_statistics([batch], momentum=1.0)
        mean = (1 - momentum) * mean + momentum * new_mean
        var = (1 - momentum) * var + momentum * new_var
    correction = -np.expm1(len(batches) * np.log1p(-momentum))  # 1 - (1 - momentum)^t
    return mean / correction, var / correction
