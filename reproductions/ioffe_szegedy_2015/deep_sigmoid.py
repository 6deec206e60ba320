"""Batch norm makes deep sigmoid networks trainable (Ioffe & Szegedy 2015, section 4.2.2, BN-x5-Sigmoid).

Pilot seeds 50 and 51: 69 and 67 points more accurate with batch norm; without it at chance.
"""

from bnref.evidence.claim import Claim, Effect, Reported, Row, Rows, Substitution
from bnref.evidence.figure import Curve, Dots, Overlay
from bnref.evidence.verdict import above
from reproductions.perceptrons import DEEP_SIGMOID_AT


def best(rows: tuple[Row, ...]) -> float:
    """The best test accuracy over the rates, in percent; a run that diverged is at chance."""
    return 100 * (1 - min(row["test_error"] for row in rows))


def gained(rows: Rows) -> Effect:
    """Accuracy with batch norm minus accuracy without, each at its best rate, in points."""
    return best(rows.without(norm=("identity",))) - best(rows.where(norm="identity"))


CLAIM = Claim(
    id="IS15-16",
    headline="deep sigmoid networks train",
    locator="section 1, section 4.2.2, figure 3, BN-x5-Sigmoid",
    statement="A network of eight or more sigmoid layers learns with batch normalisation: at its best rate "
    "it is at least 40 percentage points more accurate than the same network without, at its own.",
    protocol="Eight hidden layers of 50 sigmoid units, 2,000 images of Fashion-MNIST at 7x7, batch 50, 400 "
    "steps of plain SGD at 0.1, 1 and 10, weights N(0, 1/fan_in). Test error after the last step. Both "
    "networks may choose of all rates on the test images, which favours the worse.",
    settings=DEEP_SIGMOID_AT,
    effect=gained,
    region=above(40.0),
    unit="percentage points",
    reported=(
        Reported(metric="top-1 accuracy of BN-x5-Sigmoid (%)", value=69.8, source="figure 3"),
        Reported(
            metric="the same less Inception's with sigmoids, which is at most 0.1", value=69.7,
            source="figure 3 and section 4.2.2", unit="percentage points",
        ),
    ),
    figures=(
        Curve(
            x="learning_rate", y="test_error", hue="norm", log_x=True, scale=100.0,
            x_label="learning rate", y_label="test error (%)",
            title="Eight sigmoid layers: test error against the rate",
        ),
        Dots(
            y="test_error", hue="norm", arms=("identity-lr1", "batch_norm-lr1"), scale=100.0,
            y_label="error on held-out images (%)", title="At the rate 1, and the paper's Inception",
            overlay=(
                Overlay(
                    points={"identity": 99.9, "batch_norm": 30.2},
                    source="figure 3: with sigmoids, at most 0.1 % right, and BN-x5-Sigmoid",
                ),
            ),
        ),
    ),
    substitution=Substitution(better="higher", margin=5.0),
)  # fmt: skip
