"""Batch norm trains from initial weights of more scales (Ioffe & Szegedy 2015, abstract, section 3.3).

Pilot seeds 50 and 51: 0.95 of the best accuracy at two or three decades more.
"""

from bnref.evidence.claim import Claim, Effect, Rows, Substitution
from bnref.evidence.figure import Curve
from bnref.evidence.verdict import above
from reproductions.perceptrons import SCALES_AT, SCALES_PROTOCOL

SHARE = 0.95


def wider(rows: Rows) -> Effect:
    """Decades of the initial scale that train, with batch norm minus without a normaliser."""
    widths = []
    for arms in (rows.without(norm=("identity",)), rows.where(norm="identity")):
        accuracies = [1 - row["test_error"] for row in arms]
        widths.append(sum(accuracy >= SHARE * max(accuracies) for accuracy in accuracies))
    return float(widths[0] - widths[1])


ERROR_BY_SCALE = Curve(
    x="scale",
    y="test_error",
    hue="norm",
    log_x=True,
    scale=100.0,
    x_label="initial weights relative to He's",
    y_label="test error (%)",
    title="Test error against the scale of the initial weights",
)

CLAIM = Claim(
    id="IS15-8",
    headline="any initial scale",
    locator="abstract, section 1, section 3.3",
    statement="Batch normalisation reaches 95 % of its best accuracy from initial weights over at least two "
    "decades more of their scale than the same network without normalisation.",
    protocol=SCALES_PROTOCOL + " Scales of a decade each; each network is compared with its own best.",
    settings=SCALES_AT,
    effect=wider,
    # Scales lie a decade apart: the bound stands between one and two.
    region=above(1.5),
    unit="decades",
    figures=(ERROR_BY_SCALE,),
    substitution=Substitution(better="higher", margin=1.0),
)  # fmt: skip
