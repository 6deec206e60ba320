"""More than one group is better than one (Wu & He 2018, table 3, top).

Pilot seeds 50 to 54: one group 23.9 % validation error, the mean over 2 to 16 groups 22.9 %.
"""

from statistics import mean

from bnref.evidence.claim import Arm, Claim, Reported, Rows, Setting
from bnref.evidence.effects import points
from bnref.evidence.figure import Dots
from bnref.evidence.verdict import above
from reproductions.beds import NORMS_AT_32, NORMS_PROTOCOL, VARIANTS

ONE = Arm("groups_1", {"norm": "layer_norm", "learning_rate": 0.16})
MORE = tuple(
    Arm(f"groups_{g}", {"norm": f"{VARIANTS}:groups_{g}", "learning_rate": 0.16})
    for g in (2, 4, 8, 16)
)
SMALL = Setting(
    experiment=NORMS_AT_32.experiment, arms=(ONE, *MORE), seeds=12, fixed=NORMS_AT_32.fixed
)


def one_over_more(rows: Rows) -> float:
    """e(1) minus the mean of e(G) over 2, 4, 8 and 16 groups, in percentage points."""
    one, *more = [points(row) for row in rows]
    return one - mean(more)


CLAIM = Claim(
    id="WH18-4",
    locator="section 4.1, table 3",
    statement="GroupNorm with 2 to 16 groups has, on average, an error at least 0.3 percentage points "
    "lower than with one group, which is layer norm.",
    protocol=f"{NORMS_PROTOCOL} All arms at layer norm's rate, 0.16.",
    settings={"small": SMALL, "smoke": SMALL.shrunk(images=128)},
    effect=one_over_more,
    region=above(0.3),
    unit="percentage points",
    reported=(
        Reported(metric="1 group minus mean of 2 to 64", value=0.8, source="table 3, our mean"),
    ),
    figures=(
        Dots(y="test_error", hue="norm", scale=100.0, y_label="test error (%)",
             title="Test error by number of groups"),
    ),
)  # fmt: skip
