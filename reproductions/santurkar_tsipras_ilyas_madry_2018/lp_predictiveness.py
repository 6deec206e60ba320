"""The gradient changes less along its direction with any of the lp norms.

Santurkar et al. 2018, section 3.3, figures 12 and 13; region and metric of SA18-9, the least contrast of the
three norms counts. In the pilot (seeds 50-52) the plain network's changes were 2.7 to 5.3 times as large.
"""

import math

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Rows
from bnref.evidence.verdict import above
from reproductions.beds import leaves_chance
from reproductions.deep_perceptrons import DEEP_PROTOCOL
from reproductions.paper_beds import santurkar_settings
from reproductions.santurkar_figures import CHANGE_RANGE, changes
from reproductions.santurkar_tsipras_ilyas_madry_2018.lp_loss_width import SETTING


def smoother(rows: Rows) -> Effect:
    """log2 of the median gradient changes at four times the rate, plain over the roughest of three norms."""
    if not all(leaves_chance(row) for row in rows):
        return UNDEFINED
    roughest = max(row["predictiveness_median"] for row in rows.without(norm=("identity",)))
    return math.log2(rows.one(norm="identity")["predictiveness_median"] / roughest)


CLAIM = Claim(
    id="SA18-13-predictiveness",
    locator="section 3.3, figures 12 and 13",
    statement="After a step of four times the rate along the gradient, the gradient of a plain network has "
    "changed at least twice as much as with an l1, l2 or largest-value norm (median over training).",
    protocol=DEEP_PROTOCOL
    + "The first 100 steps, probed every five as in SA18-9. Judged only where all arms end above 30 % "
    "training accuracy.",
    settings=santurkar_settings(SETTING, images=640),
    effect=smoother,
    region=above(1.0),
    unit="log2 ratio, plain over the roughest norm",
    figures=(
        CHANGE_RANGE,
        changes("identity", "l1_batch_norm", "l2_batch_norm", "linf_batch_norm"),
    ),
)
