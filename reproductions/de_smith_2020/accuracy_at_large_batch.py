"""What batch norm gains over SkipInit in accuracy, it gains at large batch.

De & Smith 2020, abstract and section 4. The interaction of method and batch size in test accuracy
after two epochs; one point is the least that counts. In pilots -1 to 12 points.
"""

from bnref.evidence.claim import Claim, Rows
from bnref.evidence.verdict import above
from reproductions.residual import BATCH_RATES, BEST_RATE, BY_BATCH_SIZE, by_batch_size, error_curve


def accuracy(rows: Rows, form: str, batch_size: int) -> float:
    """Test accuracy in percent at the form's rate for this batch size."""
    series = rows.one(form=form, batch_size=batch_size).series
    at = series["learning_rate"].index(2.0 ** BATCH_RATES[form, batch_size])
    return 100 * (1 - series["test_error"][at])


def more_at_large_batch(rows: Rows) -> float:
    """Test accuracy of batch norm less SkipInit's, at batch 512 less at batch 16."""
    large, small = (
        accuracy(rows, "batch_norm", size) - accuracy(rows, "skip_init_0", size)
        for size in (512, 16)
    )
    return large - small


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
    figures=(error_curve("Test error at two batch sizes"),),
)
