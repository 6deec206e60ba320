"""Removing dropout makes a batch-normalised network more accurate (an earlier version of section 4.2.1).

The final version says that it trains faster without overfitting more. Pilot seeds 50 to 53: 0.6,
-0.3, 0.6 and -0.7 points for the paper's dropout of 0.4.
"""

from bnref.evidence.claim import Claim, Effect, Expectation, Rows, Substitution
from bnref.evidence.figure import Curve
from bnref.evidence.verdict import above
from reproductions.ioffe_szegedy_2015.dropout_helps_less import ERROR_BY_DROPOUT
from reproductions.perceptrons import batch_norm
from reproductions.regularisation import DROPOUT_AT, DROPOUT_PROTOCOL


def gained(rows: Rows) -> Effect:
    """Test error with dropout of 0.4 minus that without, with batch norm, in percentage points."""
    dropped, whole = (batch_norm(rows, dropout=share)["test_error"] for share in (0.4, 0.0))
    return 100 * (dropped - whole)


CLAIM = Claim(
    id="IS15-18-removal",
    locator="section 4.2.1, an earlier version: removing dropout",
    statement="Removing a dropout of 0.4 makes a network with batch normalisation at least half a percentage "
    "point more accurate.",
    protocol=DROPOUT_PROTOCOL + " Test error after the last step.",
    settings=DROPOUT_AT,
    effect=gained,
    region=above(0.5),
    unit="percentage points of test error",
    figures=(
        ERROR_BY_DROPOUT,
        Curve(
            x="dropout", y="train_loss", hue="norm", x_label="dropout",
            y_label="training loss, last tenth of the steps", title="Training loss against dropout",
        ),
    ),
    expected={
        "small": Expectation(
            outcome="refuted",
            because="With and without dropout the errors are alike (IS15-18-overfitting); others' results go "
            "both ways.",
            depends_on_scale=True,
        )
    },
    substitution=Substitution(better="higher", margin=0.5),
)  # fmt: skip
