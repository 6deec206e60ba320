"""Part of what batch norm loses at batch 2 lies in its running statistics, not in its weights.

Wu & He 2018 (table 2) evaluate with running averages, whose window shrinks with the batch; Wu & Johnson
2021 (section 3) re-estimate the statistics of the trained weights instead.
"""

from bnref.evidence.claim import Arm, Claim, Rows, Setting, Substitution
from bnref.evidence.effects import points
from bnref.evidence.verdict import above
from reproductions.beds import CLASSIFY
from reproductions.group_norm import CONSTANT, arm, by_norm
from reproductions.paper_beds import wu_he_scales

ARMS: tuple[Arm, ...] = (arm("batch_norm", 2),)
SETTING = Setting(experiment=CLASSIFY, arms=ARMS, seeds=15, fixed=CONSTANT)


def recovered(rows: Rows) -> float:
    """Test error with running statistics minus that with re-estimated ones, in percentage points."""
    (row,) = rows
    return points(row) - points(row, "test_errors_reestimated")


CLAIM = Claim(
    id="WH18-1-precise",
    locator="section 4.1, table 2: what of it is the running averages",
    statement="At batch 2 re-estimating the statistics of the trained network over batches of 200 lowers "
    "batch norm's error by at least half a percentage point.",
    protocol="The runs of WH18-1 at batch 2, evaluated once with the running statistics of training and "
    "once with averages over the 8,000 training images.",
    settings={"small": SETTING, "smoke": SETTING.shrunk(images=128), **wu_he_scales(SETTING)},
    effect=recovered,
    region=above(0.5),
    unit="percentage points",
    figures=(
        by_norm("Batch 2, running statistics"),
        by_norm("Batch 2, statistics re-estimated", y="test_error_reestimated"),
    ),
    substitution=Substitution(better="lower", margin=0.5),
)
