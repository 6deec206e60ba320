"""Do frozen statistics do better where each arm has its own rate? (Wu & He 2018, section 4.2)

The paper compares at one rate, at which frozen statistics are known to work. Pilot seeds 50 to 54
and 60 to 67: live statistics are 5.5 points better to 1.6 worse, at twice the rate of frozen ones.
"""

from bnref.evidence.claim import Claim, Expectation, Rows, Substitution
from bnref.evidence.effects import points
from bnref.evidence.verdict import above
from reproductions.tuning_beds import FIGURES, PROTOCOL, SETTINGS


def cost(rows: Rows) -> float:
    """e(live) - e(frozen), each at its best rate, in percentage points."""
    _, _, live, frozen, _ = rows
    return points(live) - points(frozen)


CLAIM = Claim(
    id="WH18-14-tuned",
    locator="section 4.2, table 4",
    statement="In tuning on two images at a time, each at its best rate, BatchNorm with live statistics ends "
    "with an error at least one percentage point higher than with frozen ones.",
    protocol=f"{PROTOCOL}Rates are the best of powers of two on validation images over five tuning seeds.",
    settings=SETTINGS,
    effect=cost,
    region=above(1.0),
    unit="percentage points",
    figures=FIGURES,
    expected={
        "small": Expectation(
            outcome="refuted",
            because="Live statistics bear the larger rates, and they follow the new classes, which look "
            "different from the old ones; frozen ones do not.",
        )
    },
    substitution=Substitution(better="lower", margin=1.0),
)
