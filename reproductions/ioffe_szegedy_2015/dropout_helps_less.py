"""Dropout does less for a network with batch norm (Ioffe & Szegedy 2015, abstract, section 3.4).

Pilot seeds 50 to 53: dropout of 0.1 gains 1.2, 0.6, 2.2 and 0.2 points more without batch norm.
"""

from bnref.evidence.claim import Claim, Effect, Expectation, Rows, Substitution
from bnref.evidence.figure import Curve
from bnref.evidence.verdict import above
from reproductions.perceptrons import batch_norm
from reproductions.regularisation import DROPOUT_AT, DROPOUT_PROTOCOL


def helps_less(rows: Rows) -> Effect:
    """What dropout of 0.1 takes off the test error, without batch norm minus with it, in points."""
    plain = [rows.one(norm="identity", dropout=share)["test_error"] for share in (0.0, 0.1)]
    normalised = [batch_norm(rows, dropout=share)["test_error"] for share in (0.0, 0.1)]
    return 100 * ((plain[0] - plain[1]) - (normalised[0] - normalised[1]))


ERROR_BY_DROPOUT = Curve(
    x="dropout",
    y="test_error",
    hue="norm",
    scale=100.0,
    x_label="dropout",
    y_label="test error (%)",
    title="Test error against dropout",
)

CLAIM = Claim(
    id="IS15-18",
    locator="abstract, section 3.4, section 4.2.1",
    statement="Dropout of 0.1 takes at least half a percentage point less off the test error of a network "
    "with batch normalisation than of the same network without.",
    protocol=DROPOUT_PROTOCOL + " Test error after the last step.",
    settings=DROPOUT_AT,
    effect=helps_less,
    region=above(0.5),
    unit="percentage points of test error",
    figures=(ERROR_BY_DROPOUT,),
    expected={
        "small": Expectation(
            outcome="inconclusive",
            because="The median of the pilot is near one point, the errors of single runs differ by as much.",
        )
    },
    substitution=Substitution(better="higher", margin=0.5),
)  # fmt: skip
