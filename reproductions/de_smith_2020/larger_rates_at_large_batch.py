"""Batch norm wants a larger learning rate than SkipInit at large batch, and not at small batch.

De & Smith 2020, abstract and section 4. The interaction of method and batch size in the best rate;
rates lie a factor of two apart, and three quarters of that are between attainable values. In pilots
the median was 2^0.5. The cells, 114 to 139 core-seconds, serve six claims.
"""

from bnref.evidence.claim import Claim, Expectation, Rows
from bnref.evidence.verdict import above
from reproductions.residual import (
    BEST_OF_SEED,
    BY_BATCH_SIZE,
    by_batch_size,
    times_larger,
)
from reproductions.residual_figures import against_batch_size


def more_at_large_batch(rows: Rows) -> float:
    """log2 of the ratio of best rates, batch norm over SkipInit, at the largest batch less the smallest."""
    smallest, *_, largest = times_larger(rows)
    return largest - smallest


CLAIM = Claim(
    id="DS20-10",
    locator="abstract, section 4",
    statement="From batch 16 to batch 512 the best learning rate with batch normalisation grows by"
    " a factor of at least 2^0.75 more than that with SkipInit.",
    protocol=BY_BATCH_SIZE + BEST_OF_SEED,
    settings=by_batch_size(16, 64, 512),
    effect=more_at_large_batch,
    region=above(0.75),
    unit="log2 of the ratio of rates",
    figures=(against_batch_size("learning_rate", "Best learning rate by batch size"),),
    expected={
        "small": Expectation(
            outcome="refuted",
            because="In two epochs the best rates of both grow alike, within 2^0.5, and what batch norm "
            "gains at batch 512 is accuracy (DS20-10-accuracy).",
            depends_on_scale=True,
        )
    },
)
