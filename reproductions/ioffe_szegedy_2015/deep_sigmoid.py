"""Batch norm makes deep sigmoid networks trainable (Ioffe & Szegedy 2015, section 4.2.2, BN-x5-Sigmoid).

Pilot seeds 50 and 51: 69 and 67 points more accurate with batch norm; without it at chance.
"""

from bnref.evidence.claim import Claim, Effect, Reported, Row, Rows, Setting, Substitution, grid
from bnref.evidence.figure import Curve
from bnref.evidence.verdict import above
from reproductions.perceptrons import FEW, PERCEPTRON

SMALL = Setting(
    experiment=PERCEPTRON,
    arms=grid(norm=("batch_norm", "identity"), learning_rate=(0.1, 1.0, 10.0)),
    seeds=12,
    fixed={**FEW, "depth": 8, "width": 50, "activation": "sigmoid", "images": 20_000},
)


def best(rows: tuple[Row, ...]) -> float:
    """The best test accuracy over the rates, in percent; a run that diverged is at chance."""
    return 100 * (1 - min(row["test_error"] for row in rows))


def gained(rows: Rows) -> Effect:
    """Accuracy with batch norm minus accuracy without, each at its best rate, in points."""
    return best(rows.without(norm=("identity",))) - best(rows.where(norm="identity"))


CLAIM = Claim(
    id="IS15-16",
    headline=True,
    locator="section 1, section 4.2.2, figure 3, BN-x5-Sigmoid",
    statement="A network of eight sigmoid layers learns with batch normalisation: at its best rate it is at "
    "least 40 percentage points more accurate than the same network without, at its own.",
    protocol="Eight hidden layers of 50 sigmoid units, 2,000 images of Fashion-MNIST at 7x7, batch 50, 400 "
    "steps of plain SGD at 0.1, 1 and 10, weights N(0, 1/fan_in). Test error after the last step. Both "
    "networks may choose of all rates on the test images, which favours the worse.",
    settings={"small": SMALL, "smoke": SMALL.shrunk(images=500)},
    effect=gained,
    region=above(40.0),
    unit="percentage points",
    reported=(
        Reported(metric="top-1 accuracy of BN-x5-Sigmoid (%)", value=69.8, source="figure 3"),
    ),
    figures=(
        Curve(
            x="learning_rate", y="test_error", hue="norm", log_x=True, scale=100.0,
            x_label="learning rate", y_label="test error (%)",
            title="Eight sigmoid layers: test error against the rate",
        ),
    ),
    substitution=Substitution(better="higher", margin=5.0),
)  # fmt: skip
