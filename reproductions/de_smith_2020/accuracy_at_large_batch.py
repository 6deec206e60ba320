"""What batch norm gains over SkipInit in accuracy, it gains at large batch.

De & Smith 2020, abstract and section 4. The interaction of method and batch size in test accuracy
after two epochs; one point is the least that counts. In pilots -1 to 12 points.
"""

from bnref.evidence.claim import Claim, Rows
from bnref.evidence.verdict import above
from reproductions.residual import (
    BEST_RATE,
    BY_BATCH_SIZE,
    COMPARED,
    accuracy,
    by_batch_size,
    by_size,
)
from reproductions.residual_figures import against_batch_size


def more_at_large_batch(rows: Rows) -> float:
    """Test accuracy of batch norm less SkipInit's, at the largest batch less at the smallest."""
    pairs = zip(*(by_size(rows, form) for form in COMPARED), strict=True)
    gains = [accuracy(normalised) - accuracy(scaled) for normalised, scaled in pairs]
    return gains[-1] - gains[0]


CLAIM = Claim(
    id="DS20-10-accuracy",
    locator="abstract, section 4",
    statement="At batch 512 batch normalisation gains at least one percentage point more test "
    "accuracy over SkipInit than at batch 16, in a fixed number of epochs.",
    protocol=BY_BATCH_SIZE + BEST_RATE + " Cells of DS20-10.",
    settings=by_batch_size(16, 512),
    effect=more_at_large_batch,
    region=above(1.0),
    unit="percentage points",
    figures=(against_batch_size("test_error", "Test error by batch size"),),
)
