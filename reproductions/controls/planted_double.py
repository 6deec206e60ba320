"""A planted corruption is not found at twice its size."""

from bnref.evidence.claim import Claim, Expectation, Rows
from bnref.evidence.effects import points
from bnref.evidence.verdict import above
from reproductions.beds import PLANTED


def difference(rows: Rows) -> float:
    """Test error of the second arm minus that of the first, in percentage points."""
    first, second = rows
    return points(second) - points(first)


CLAIM = Claim(
    id="CTRL-planted-double",
    locator="docs/STATISTICS.md, controls",
    statement="Replacing a tenth of the test labels costs at least twice ten percentage points of test "
    "error.",
    protocol="One hidden layer on 7x7 Fashion-MNIST, 160 steps, different orders of the images. In the"
    " second arm a tenth of the test labels is replaced by another class after training.",
    settings={"small": PLANTED, "smoke": PLANTED.shrunk(images=500)},
    effect=difference,
    region=above(20.0),
    unit="percentage points of test error",
    kind="control",
    expected={
        "small": Expectation(
            outcome="refuted", because="Control: twice a known corruption must be refuted."
        )
    },
)
