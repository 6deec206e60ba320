"""More than one group is better than one (Wu & He 2018, table 3, top).

Pilot seeds 50 to 54: one group 23.9 % validation error, the mean over 2 to 16 groups 22.9 %.
"""

from statistics import mean

from bnref.evidence.claim import Arm, Claim, Reported, Rows, Setting
from bnref.evidence.effects import points
from bnref.evidence.verdict import above
from reproductions.beds import NORMS_AT_32, NORMS_PROTOCOL, VARIANTS
from reproductions.group_norm import by_groups
from reproductions.paper_beds import RESNET20_AT_32, wu_he_scales

ONE = Arm("groups_1", {"norm": "layer_norm", "learning_rate": 0.16})
UP_TO_64 = tuple(
    Arm(f"groups_{g}", {"norm": f"{VARIANTS}:groups_{g}", "learning_rate": 0.16})
    for g in (2, 4, 8, 16, 32, 64)
)
MORE = UP_TO_64[:4]
SMALL = Setting(
    experiment=NORMS_AT_32.experiment, arms=(ONE, *MORE), seeds=12, fixed=NORMS_AT_32.fixed
)
ABOVE = wu_he_scales(SMALL, gpu=RESNET20_AT_32, paper_arms=(ONE, *UP_TO_64))
"""The narrowest layers have 16 channels in ResNet-20, where 16 groups are instance norm, else 64."""


def one_over_more(rows: Rows) -> float:
    """e(1) minus the mean of e(G) over all numbers of groups above 1, in percentage points."""
    one, *more = [points(row) for row in rows]
    return one - mean(more)


CLAIM = Claim(
    id="WH18-4",
    locator="section 4.1, table 3",
    statement="Averaged over powers of two above one, GroupNorm's number of groups gives an error at least "
    "0.3 percentage points lower than one group does, which is layer norm.",
    protocol=f"{NORMS_PROTOCOL} All arms at layer norm's rate, 0.16.",
    settings={"small": SMALL, "smoke": SMALL.shrunk(images=128), **ABOVE},
    effect=one_over_more,
    region=above(0.3),
    unit="percentage points",
    reported=(
        Reported(
            metric="1 group minus mean of 2 to 64",
            value=0.8,
            source="table 3, our mean",
            unit="percentage points",
        ),
    ),
    figures=(by_groups("Test error by number of groups; layer norm is one"),),
)
