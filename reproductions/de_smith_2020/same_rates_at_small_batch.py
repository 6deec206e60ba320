"""At small batch the best learning rates with batch norm and with SkipInit are alike.

De & Smith 2020, abstract and section 4. The card's margin of one grid step, moved between attainable
values. In pilots -0.8 to 1.5.
"""

from bnref.evidence.claim import Claim, Rows
from bnref.evidence.verdict import within
from reproductions.residual import (
    BEST_OF_SEED,
    BY_BATCH_SIZE,
    by_batch_size,
    times_larger,
)
from reproductions.residual_figures import by_rate


def times_larger_at_16(rows: Rows) -> float:
    """log2 of batch norm's best rate over SkipInit's at batch 16."""
    (found,) = times_larger(rows)
    return found


CLAIM = Claim(
    id="DS20-10-similar",
    locator="abstract, section 4",
    statement="At batch 16 the best learning rates with batch normalisation and with SkipInit "
    "differ by a factor of less than 2^1.25.",
    protocol=BY_BATCH_SIZE + BEST_OF_SEED + " Cells of DS20-10.",
    settings=by_batch_size(16),
    effect=times_larger_at_16,
    region=within(-1.25, 1.25),
    unit="log2 of the ratio of rates",
    figures=(by_rate("Test error at batch 16"),),
)
