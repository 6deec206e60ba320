"""Tuned on two images at a time group norm is better than frozen batch norm (Wu & He 2018, table 4).

Pilot seeds 50 to 54 and 60 to 67: 2.7 points worse to 7.0 better, ten of thirteen by half a point, from
networks that were up to 3 points worse before.
"""

from bnref.evidence.claim import Claim, Reported, Rows, Substitution
from bnref.evidence.effects import points
from bnref.evidence.verdict import above
from reproductions.tuning_beds import FIGURES, PROTOCOL, SETTINGS


def lead(rows: Rows) -> float:
    """e(frozen batch norm) - e(group norm), each at its best rate, in percentage points."""
    *_, frozen, group_norm = rows
    return points(frozen) - points(group_norm)


CLAIM = Claim(
    id="WH18-14-GN",
    locator="section 4.2, table 4",
    statement="In tuning on two images at a time, each at its best rate, GroupNorm ends with an error at "
    "least half a percentage point lower than BatchNorm with frozen statistics.",
    protocol=f"{PROTOCOL}Rates are the best of powers of two on validation images over five tuning seeds.",
    settings=SETTINGS,
    effect=lead,
    region=above(0.5),
    unit="percentage points",
    reported=(
        Reported(metric="GN minus frozen BN, box AP of Mask R-CNN", value=1.1, source="table 4"),
        Reported(metric="GN minus frozen BN, mask AP of Mask R-CNN", value=0.8, source="table 4"),
    ),
    figures=FIGURES,
    substitution=Substitution(better="lower", margin=1.0),
)
