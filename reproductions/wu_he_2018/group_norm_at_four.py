"""At batch 4 group norm is better than batch renorm (Wu & He 2018, section 4.1).

Pilot seeds 50 to 52: 27.0, 24.1 and 23.7 % with group norm, 20.6, 23.6 and 24.3 % with batch renorm.
"""

from bnref.evidence.claim import Claim, Expectation, Reported, Rows, Setting
from bnref.evidence.effects import points
from bnref.evidence.verdict import above
from reproductions.group_norm import AT_FOUR, CONSTANT, by_norm
from reproductions.paper_beds import wu_he_scales
from reproductions.wu_he_2018.renorm_at_four import GROUP_NORM, PROTOCOL, RENORM

SMALL = Setting(
    experiment="bnref.lab.experiments.classify", arms=(RENORM, GROUP_NORM), seeds=12, fixed=CONSTANT
)


def gain(rows: Rows) -> float:
    """e(batch renorm) - e(group norm), in percentage points."""
    renorm, group_norm = rows
    return points(renorm) - points(group_norm)


CLAIM = Claim(
    id="WH18-6-GN",
    locator="section 4.1, batch renormalization",
    statement="At batch 4 group norm has an error at least 0.3 percentage points lower than batch renorm.",
    protocol=PROTOCOL,
    settings={"small": SMALL, "smoke": SMALL.shrunk(images=128), **wu_he_scales(SMALL)},
    effect=gain,
    region=above(0.3),
    unit="percentage points",
    reported=(
        Reported(
            metric="batch renorm minus group norm",
            value=2.1,
            source="section 4.1, 26.3 and 24.2",
            unit="percentage points",
        ),
    ),
    figures=(by_norm("Test error at batch 4", AT_FOUR),),
    expected={
        "small": Expectation(
            outcome="refuted",
            because="On 14x14 images batch 4 leaves 16 to 196 values a channel, and one epoch favours "
            "the norms that share statistics over the batch.",
        )
    },
)
