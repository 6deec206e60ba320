"""Branches that start at zero make a short training better (Wu & He 2018, section 4.1).

The paper takes the recipe from Goyal et al. and gives no comparison. Pilot seeds 50 to 53: 1.8 to 2.7 points
worse.
"""

from bnref.evidence.claim import Claim, Expectation, Rows, Substitution
from bnref.evidence.effects import points
from bnref.evidence.verdict import above
from reproductions.wu_he_2018.zero_gamma_rates import FIGURES, PROTOCOL, SETTINGS


def saved(rows: Rows) -> float:
    """e(gamma 1) - e(gamma 0), each at its best rate, in percentage points."""
    one, _, zero, _ = [points(row) for row in rows]
    return one - zero


CLAIM = Claim(
    id="WH18-10-early",
    locator="section 4.1, implementation",
    statement="With each at its best rate, a residual network whose branches start at zero ends with an "
    "error at least half a percentage point lower than one whose branches start at full weight.",
    protocol=PROTOCOL,
    settings=SETTINGS,
    effect=saved,
    region=above(0.5),
    unit="percentage points",
    figures=FIGURES,
    expected={
        "small": Expectation(
            outcome="refuted",
            because="Batch norm keeps twenty layers stable at the smaller rate, and in 75 steps branches "
            "that start at zero have first to grow.",
            depends_on_scale=True,
        )
    },
    substitution=Substitution(better="higher", margin=2.0),
)
