"""Early in training at a high rate moving averages of the statistics lag (section 3.1, algorithm 2).

Pilot seeds 50 to 53: moving averages cost 3.4, -0.4, 1.7 and 0.8 points against algorithm 2.
"""

from bnref.evidence.claim import Claim, Rows, Substitution
from bnref.evidence.effects import points
from bnref.evidence.figure import Curve
from bnref.evidence.verdict import above
from reproductions.beds import SHORT_RUN
from reproductions.inception import RESNET20, scales
from reproductions.paper_beds import INCEPTION_IMAGENET

SETTINGS = scales(
    SHORT_RUN,
    gpu={**RESNET20, "images": 50 * 128, "learning_rate": 0.1},
    paper={**INCEPTION_IMAGENET, "images": 5000 * 32, "learning_rate": 0.045},
    images=128,
)
"""ResNet-20 at a usual rate; Inception at that of BN-x30, and long enough to leave chance."""


def cost(rows: Rows) -> float:
    """Test error with moving averages minus that with algorithm 2's statistics, in points."""
    row = rows.one(momentum=0.1)
    return points(row) - points(row, "test_errors_reestimated")


CLAIM = Claim(
    id="IS15-5-moving",
    locator="section 3.1, algorithm 2",
    statement="Early in training moving averages of the batch statistics cost at least half a percentage "
    "point of test error against averages over many batches of the trained network (algorithm 2).",
    protocol="The runs of MOM-2: five convolutions on 14x14 Fashion-MNIST, 50 steps of SGD with momentum "
    "0.9 at 0.04, batch 32. Moving averages with weight 0.1 of the new batch; algorithm 2 over 40 "
    "batches of 200 training images, unbiased variances. Each run is evaluated twice.",
    settings=SETTINGS,
    effect=cost,
    region=above(0.5),
    unit="percentage points of test error",
    figures=(
        Curve(
            x="momentum", y="test_errors_reestimated", hue="norm",
            x_label="momentum: weight of the new batch (none: cumulative average)",
            y_label="test errors of 5,000 with algorithm 2",
            title="Algorithm 2 does not depend on the momentum",
        ),
        Curve(
            x="momentum", y="test_error", hue="norm", scale=100.0,
            x_label="momentum: weight of the new batch (none: cumulative average)",
            y_label="test error after 50 steps (%)", title="Moving averages do",
        ),
    ),
    substitution=Substitution(better="lower", margin=1.0),
)  # fmt: skip
