"""A small momentum has not forgotten its start after a short run, and evaluation pays for it."""

from bnref.evidence.claim import Claim, Rows, Substitution
from bnref.evidence.effects import points
from bnref.evidence.figure import Curve
from bnref.evidence.verdict import above
from reproductions.beds import SHORT_RUN
from reproductions.paper_beds import BEGINNING_OF_RESNET20, on

ABOVE = dict.fromkeys(("gpu", "paper"), on(BEGINNING_OF_RESNET20, SHORT_RUN))


def cost(rows: Rows) -> float:
    """Test error with momentum 0.01 minus that with 0.1 (weight of the new batch), in points."""
    return points(rows.one(momentum=0.01)) - points(rows.one(momentum=0.1))


CLAIM = Claim(
    id="MOM-2",
    locator="warm-up of the running statistics",
    statement="After 50 steps a momentum of 0.01 (weight of the new batch) costs at least two "
    "percentage points of test error against a momentum of 0.1.",
    protocol="Five convolutions on 14x14 Fashion-MNIST, 50 steps of batch 32. Every arm takes the same "
    "steps, which the running statistics do not influence; only the evaluation differs.",
    settings={"small": SHORT_RUN, "smoke": SHORT_RUN.shrunk(images=128), **ABOVE},
    effect=cost,
    region=above(2.0),
    unit="percentage points of test error",
    figures=(
        Curve(
            x="momentum",
            y="test_error",
            hue="norm",
            scale=100.0,
            x_label="momentum: weight of the new batch (none: cumulative average)",
            y_label="test error after 50 steps (%)",
            title="Test error against the momentum of the running statistics",
        ),
    ),
    headline="a short run needs momentum 0.1",
    substitution=Substitution(better="lower", margin=1.0),
)
