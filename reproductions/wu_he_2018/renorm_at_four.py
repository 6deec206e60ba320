"""At batch 4 batch renorm is better than batch norm (Wu & He 2018, section 4.1).

Pilot seeds 50 to 52: 22.0, 23.5 and 22.1 % with batch norm, 20.6, 23.6 and 24.3 % with batch renorm.
Its 152 core-seconds: two thirds are those of WH18-1, at batch 4, where a step is short and steps are
many.
"""

from bnref.evidence.claim import Arm, Claim, Expectation, Reported, Rows, Setting, Substitution
from bnref.evidence.effects import points
from bnref.evidence.verdict import above
from reproductions.beds import VARIANTS
from reproductions.group_norm import AT_FOUR, CONSTANT, arm, by_norm
from reproductions.paper_beds import wu_he_scales

BATCH_NORM, GROUP_NORM = arm("batch_norm", 4), arm("group_norm", 4)
RENORM = Arm("batch_renorm-b4", {**BATCH_NORM.parameters, "norm": f"{VARIANTS}:renorm_of_wu_he"})
PROTOCOL = (
    "The network, budget and rates of WH18-1 at batch 4; batch renorm has batch norm's rate and the "
    "paper's caps r_max 1.5 and d_max 0.5 from the first step."
)
SMALL = Setting(
    experiment="bnref.lab.experiments.classify",
    arms=(RENORM, BATCH_NORM, GROUP_NORM),
    seeds=12,
    fixed=CONSTANT,
)


def gain(rows: Rows) -> float:
    """e(batch norm) - e(batch renorm), running statistics, in percentage points."""
    renorm, batch_norm, _ = rows
    return points(batch_norm) - points(renorm)


CLAIM = Claim(
    id="WH18-6",
    locator="section 4.1, batch renormalization",
    statement="At batch 4 batch renorm has an error at least 0.3 percentage points lower than batch norm.",
    protocol=PROTOCOL,
    settings={"small": SMALL, "smoke": SMALL.shrunk(images=128), **wu_he_scales(SMALL)},
    effect=gain,
    region=above(0.3),
    unit="percentage points",
    reported=(
        Reported(
            metric="batch norm minus batch renorm",
            value=1.0,
            source="section 4.1, 27.3 and 26.3",
            unit="percentage points",
        ),
    ),
    figures=(by_norm("Test error at batch 4", AT_FOUR),),
    expected={
        "small": Expectation(
            outcome="refuted",
            because="Batch norm hardly loses at batch 4 here, so there is little for renorm to regain.",
        )
    },
    substitution=Substitution(better="lower", margin=0.5),
)
