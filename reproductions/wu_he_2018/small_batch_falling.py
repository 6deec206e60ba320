"""BatchNorm loses accuracy at batch 2 with a rate that falls before the end, as the paper's does.

WH18-1 keeps the rate, and its last steps are noisy; here the same contrast can be decided. Pilot seeds 60
to 62, 68 and 69: 2.0 to 6.7 points. Some 150 core-seconds, shared with WH18-1-crossover and mostly with
WH18-1-flat.
"""

from bnref.evidence.claim import Claim, Reported, Setting, Substitution
from bnref.evidence.verdict import above
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
from reproductions.wu_he_2018.small_batch import extra_loss

ARMS = (*falling("batch_norm", 2, 8, 32), *falling("group_norm", 2, 8, 32))
SMALL = Setting(experiment=CLASSIFY, arms=ARMS, seeds=12, fixed=FALLING)
ALL = (*falling("batch_norm", *SIZES), *falling("group_norm", *SIZES))
SETTINGS = {
    "small": SMALL,
    "smoke": SMALL.shrunk(images=128),
    **wu_he_scales(SMALL, gpu_arms=ALL, paper_arms=ALL),
}

CLAIM = Claim(
    id="WH18-1-falling",
    locator="section 4.1, table 2, figure 1",
    statement="With a rate that falls before the end, shrinking the batch from 32 to 2 costs BatchNorm at "
    "least one percentage point more accuracy than it costs GroupNorm.",
    protocol=FALLING_PROTOCOL,
    settings=SETTINGS,
    effect=extra_loss,
    region=above(1.0),
    unit="percentage points",
    reported=(
        Reported(
            metric="difference in differences",
            value=11.1,
            source="table 2",
            unit="percentage points",
        ),
    ),
    figures=(by_batch("Test error against batch size, with a rate that falls", *TABLE_2),),
    substitution=Substitution(better="lower", margin=1.0),
)
