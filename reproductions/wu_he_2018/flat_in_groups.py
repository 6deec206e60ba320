"""Among more than one group the number hardly matters (Wu & He 2018, table 3, top).

Pilot seeds 50 to 54: validation errors 24.3, 24.5, 22.7 and 20.2 % for 2, 4, 8 and 16 groups.
"""

from statistics import linear_regression

from bnref.evidence.claim import Claim, Expectation, Rows, Setting
from bnref.evidence.effects import points
from bnref.evidence.verdict import within
from reproductions.beds import NORMS_PROTOCOL
from reproductions.paper_beds import RESNET20_AT_32, wu_he_scales
from reproductions.wu_he_2018.groups import CLAIM as GROUPS
from reproductions.wu_he_2018.groups import MORE, SMALL, UP_TO_64

SETTING = Setting(experiment=SMALL.experiment, arms=MORE, seeds=20, fixed=SMALL.fixed)
ABOVE = wu_he_scales(SETTING, gpu=RESNET20_AT_32, paper_arms=UP_TO_64)


def slope(rows: Rows) -> float:
    """Least-squares slope of the error on log2 of the groups, in percentage points a doubling."""
    errors = [points(row) for row in rows]
    return linear_regression(range(len(errors)), errors).slope


CLAIM = Claim(
    id="WH18-4-flat",
    locator="section 4.1, table 3",
    statement="From two groups on, up to the most that the network allows, GroupNorm's error changes by at "
    "most a quarter of a percentage point for each doubling of their number.",
    protocol=f"{NORMS_PROTOCOL} All arms at the rate 0.16.",
    settings={"small": SETTING, "smoke": SETTING.shrunk(images=128), **ABOVE},
    effect=slope,
    region=within(-0.25, 0.25),
    unit="percentage points per doubling",
    figures=GROUPS.figures,
    expected={
        "small": Expectation(
            outcome="refuted",
            because="With 16 to 64 channels a layer more groups are better; the paper's layers have 64 to "
            "2,048 channels, so even its 64 groups leave many channels in most of them.",
        )
    },
)
