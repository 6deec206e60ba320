"""GroupNorm's error does not depend on the batch (Wu & He 2018, table 2: 24.1 at 32 and at 2)."""

from bnref.evidence.claim import Claim, Reported, Rows, Setting
from bnref.evidence.effects import points
from bnref.evidence.verdict import within
from reproductions.wu_he_2018.small_batch import CLAIM as SMALL_BATCH
from reproductions.wu_he_2018.small_batch import FIXED, arm

SMALL = Setting(
    experiment="bnref.lab.experiments.classify",
    arms=(arm("group_norm", 2), arm("group_norm", 32)),
    seeds=15,
    fixed=FIXED,
)


def change(rows: Rows) -> float:
    """e_GN(2) - e_GN(32), in percentage points."""
    two, thirty_two = rows
    return points(two) - points(thirty_two)


CLAIM = Claim(
    id="WH18-1-flat",
    locator="section 4.1, table 2",
    statement="From batch 32 to batch 2, with the rate in proportion, GroupNorm's error changes by at most "
    "one and a half percentage points.",
    protocol=SMALL_BATCH.protocol,
    settings={"small": SMALL, "smoke": SMALL.shrunk(images=128)},
    effect=change,
    region=within(-1.5, 1.5),
    unit="percentage points",
    reported=(Reported(metric="change from 32 to 2", value=0.0, source="table 2"),),
    figures=SMALL_BATCH.figures,
)
