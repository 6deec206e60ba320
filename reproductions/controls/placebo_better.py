"""Two arms that differ in nothing but the shuffle: neither is found better."""

from bnref.evidence.claim import Claim, Expectation, Rows
from bnref.evidence.effects import points
from bnref.evidence.verdict import above
from reproductions.beds import PLACEBO


def difference(rows: Rows) -> float:
    """Test error of the second arm minus that of the first, in percentage points."""
    first, second = rows
    return points(second) - points(first)


CLAIM = Claim(
    id="CTRL-placebo-better",
    locator="docs/STATISTICS.md, controls",
    statement="Of two identical arms the first is better by at least four percentage points of test "
    "error.",
    protocol="One hidden layer on 7x7 Fashion-MNIST, 160 steps. Both arms start from the same weights "
    "and see the same images in different orders; nothing else differs.",
    settings={"small": PLACEBO, "smoke": PLACEBO.shrunk(images=500)},
    effect=difference,
    region=above(4.0),
    unit="percentage points of test error",
    kind="control",
    expected={
        "small": Expectation(
            outcome="refuted",
            because="Control: a difference between identical arms must be refuted.",
        )
    },
)
