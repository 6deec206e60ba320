"""GroupNorm's error does not depend on the batch size (Wu & He 2018, table 2).

Nothing in group norm sees the batch: what is left is whether the linear rule suits all sizes. With the
constant rate of WH18-1 twenty seeds could not decide it. Batch norm changes by about a point a doubling
here, and half of that counts. Pilot seeds 60 to 69: slopes of -0.4 to 0.5, median 0.3.
"""

from math import log2
from statistics import linear_regression

from bnref.evidence.claim import Claim, Reported, Rows, Setting
from bnref.evidence.effects import points
from bnref.evidence.verdict import within
from reproductions.beds import CLASSIFY
from reproductions.group_norm import (
    FALLING,
    FALLING_PROTOCOL,
    SIZES,
    TABLE_2,
    by_batch,
    falling,
)
from reproductions.paper_beds import wu_he_scales

SMALL = Setting(experiment=CLASSIFY, arms=falling("group_norm", 2, 32), seeds=20, fixed=FALLING)
ALL = falling("group_norm", *SIZES)


def slope(rows: Rows) -> float:
    """Least-squares slope of the error on log2 of the batch size, in percentage points a doubling."""
    doublings = [log2(float(row.arm.parameters["batch_size"] or 0)) for row in rows]
    return linear_regression(doublings, [points(row) for row in rows]).slope


CLAIM = Claim(
    id="WH18-1-flat",
    locator="section 4.1, table 2, figure 5",
    statement="From batch 2 to batch 32, at rates by the linear rule, GroupNorm's error changes by at most "
    "half a percentage point for each doubling of the batch.",
    protocol=FALLING_PROTOCOL,
    settings={
        "small": SMALL,
        "smoke": SMALL.shrunk(images=128),
        **wu_he_scales(SMALL, gpu_arms=ALL, paper_arms=ALL),
    },
    effect=slope,
    region=within(-0.5, 0.5),
    unit="percentage points per doubling",
    reported=(Reported(metric="largest less smallest error (%)", value=0.2, source="table 2"),),
    figures=(by_batch("GroupNorm's test error against batch size", TABLE_2[1]),),
)
