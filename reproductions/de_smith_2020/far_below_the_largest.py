"""At small batch the best learning rate lies far below the largest that trains, with either method.

De & Smith 2020, section 4. In pilots by factors of 2^1.5 with SkipInit and 2^2.3 and more with batch
norm. Bound between attainable values, a little more than a factor of two.
"""

import math

from bnref.evidence.claim import Claim, Rows
from bnref.evidence.verdict import above
from reproductions.residual import (
    BEST_OF_SEED,
    BY_BATCH_SIZE,
    best_rate,
    by_batch_size,
    trained_at,
)
from reproductions.residual_figures import by_rate


def room(rows: Rows) -> float:
    """log2 of the largest rate that trains over the best, at batch 16; the smaller of both forms."""
    return min(max(trained_at(row), default=-math.inf) - best_rate(row) for row in rows)


CLAIM = Claim(
    id="DS20-10-stable",
    locator="section 4",
    statement="At batch 16 the best learning rate is smaller than the largest rate that trains by "
    "a factor of at least 2^1.2, with batch normalisation and with SkipInit.",
    protocol=BY_BATCH_SIZE + BEST_OF_SEED + " A rate trains if the training accuracy ends above "
    "twice chance. Cells of DS20-10.",
    settings=by_batch_size(16),
    effect=room,
    region=above(1.2),
    unit="log2 of the ratio of rates, smaller of both forms",
    figures=(by_rate("Test error at batch 16"),),
)
