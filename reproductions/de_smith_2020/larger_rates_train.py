"""Batch norm trains at larger learning rates than SkipInit, at any batch size.

De & Smith 2020, abstract: batch norm can use larger rates, of which it has a benefit only at large batch
(DS20-10, DS20-10-accuracy). Rates lie a factor of two apart, so one step is the least that counts. In
pilots on seeds 55 to 60 it was two at either batch size.
"""

import math

from bnref.evidence.claim import Claim, Effect, Rows
from bnref.evidence.verdict import above
from reproductions.residual import BY_BATCH_SIZE, COMPARED, by_batch_size, by_size, trained_at
from reproductions.residual_figures import by_rate


def times_larger(rows: Rows) -> Effect:
    """log2 of the ratio of largest rates that train; censored where one is the largest of the grid."""
    low, high = math.inf, math.inf
    for normalised, scaled in zip(*(by_size(rows, form) for form in COMPARED), strict=True):
        ours, theirs = (max(trained_at(row), default=-math.inf) for row in (normalised, scaled))
        top = math.log2(max(normalised.series["learning_rate"]))
        low = min(low, -math.inf if theirs in (top, -math.inf) else ours - theirs)
        high = min(high, math.inf if ours == top or theirs == -math.inf else ours - theirs)
    return low, high


CLAIM = Claim(
    id="DS20-10-largest",
    locator="abstract, section 4",
    statement="At batch 16 and at batch 512 the largest learning rate that trains is at least twice as "
    "large with batch normalisation as with SkipInit.",
    protocol=BY_BATCH_SIZE
    + "A rate trains if the training accuracy ends above twice chance. Smaller of both ratios. Cells "
    "of DS20-10.",
    settings=by_batch_size(16, 512),
    effect=times_larger,
    region=above(0.5),
    unit="log2 of the ratio of rates",
    figures=(by_rate("Training accuracy at two batch sizes", y="train_accuracy"),),
)
