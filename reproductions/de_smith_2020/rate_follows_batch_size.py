"""At small batch the best learning rate is proportional to the batch size.

De & Smith 2020, section 4: the linear rule, for both methods. A slope between 0.6 and 1.4 still tells
it from a square root.
"""

import statistics

from bnref.evidence.claim import Claim, Expectation, Rows
from bnref.evidence.verdict import within
from reproductions.residual import (
    BEST_OF_SEED,
    BY_BATCH_SIZE,
    COMPARED,
    best_rate,
    by_batch_size,
    by_size,
)
from reproductions.residual_figures import against_batch_size


def beside_one(rows: Rows) -> float:
    """Slope of the best rate's log2 on the batch size's, 16 to 64, mean of both forms, less 1."""
    sizes = zip(*(by_size(rows, form) for form in COMPARED), strict=True)
    small, large = (statistics.fmean(best_rate(row) for row in pair) for pair in sizes)
    return (large - small) / 2 - 1


CLAIM = Claim(
    id="DS20-10-linear",
    locator="section 4",
    statement="From batch 16 to batch 64 the best learning rate of a fixed number of epochs grows "
    "in proportion to the batch size: its log-log slope is 1, within 0.4.",
    protocol=BY_BATCH_SIZE + BEST_OF_SEED + " Cells of DS20-10.",
    settings=by_batch_size(16, 64),
    effect=beside_one,
    region=within(-0.4, 0.4),
    unit="slope, beside 1",
    figures=(against_batch_size("learning_rate", "Best learning rate at small batch"),),
    expected={
        "small": Expectation(
            outcome="inconclusive",
            because="In pilots slopes of 0.1 to 1.1, median 0.25: two epochs end before the noise of small "
            "batches, on which the rule rests, limits the rate.",
        )
    },
)
