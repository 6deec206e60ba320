"""Branches that start at zero make early training better (Wu & He 2018, section 4.1).

The paper takes the recipe from Goyal et al. and gives no comparison. Pilot seeds 50 to 52, 60 and 61: 4.7
points worse to 1.1 better, median 0.5 worse.
"""

from bnref.evidence.claim import Claim, Expectation, Rows, Substitution
from bnref.evidence.effects import points
from bnref.evidence.verdict import above
from reproductions.group_norm import by_gamma
from reproductions.wu_he_2018.zero_gamma_rates import BEST, PROTOCOL, SETTINGS


def saved(rows: Rows) -> float:
    """e(gamma 1) - e(gamma 0) at the best rate, in percentage points."""
    zero, one = rows.where(learning_rate=BEST)
    return points(one) - points(zero)


CLAIM = Claim(
    id="WH18-10-early",
    locator="section 4.1, implementation",
    statement="At the best rate of both a residual network whose branches start at zero ends with an error "
    "at least half a percentage point lower than one whose branches start at full weight.",
    protocol=PROTOCOL,
    settings=SETTINGS,
    effect=saved,
    region=above(0.5),
    unit="percentage points",
    figures=(by_gamma("Test error by the weight at which branches start"),),
    expected={
        "small": Expectation(
            outcome="refuted",
            because="Batch norm keeps twenty layers stable at this rate, and in 75 steps branches "
            "that start at zero have first to grow.",
        )
    },
    substitution=Substitution(better="higher", margin=2.0),
)
