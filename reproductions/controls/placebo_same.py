"""Two arms that differ in nothing but the shuffle are found to be the same."""

from bnref.evidence.claim import Claim, Expectation, Rows
from bnref.evidence.effects import points
from bnref.evidence.verdict import within
from reproductions.beds import PLACEBO


def difference(rows: Rows) -> float:
    """Test error of the second arm minus that of the first, in percentage points."""
    first, second = rows
    return points(second) - points(first)


CLAIM = Claim(
    id="CTRL-placebo-same",
    locator="docs/STATISTICS.md, controls",
    statement="Two identical arms differ by at most four percentage points of test error.",
    protocol="One hidden layer on 7x7 Fashion-MNIST, 160 steps. Both arms start from the same weights "
    "and see the same images in different orders; nothing else differs.",
    settings={"small": PLACEBO, "smoke": PLACEBO.shrunk(images=500)},
    effect=difference,
    region=within(-4.0, 4.0),
    unit="percentage points of test error",
    kind="control",
    expected={
        "small": Expectation(
            outcome="supported", because="Control: identical arms must be found equal."
        )
    },
)
