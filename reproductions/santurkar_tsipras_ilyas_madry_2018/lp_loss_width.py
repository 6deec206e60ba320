"""The loss varies less along the gradient with any of the lp norms.

Santurkar et al. 2018, section 3.3, figures 12 and 13; region and metric of SA18-8, the least contrast of
the three norms counts. In the pilot (seeds 50, 51) the plain network's widths were at least 12 times as
large.
"""

import math
from dataclasses import replace

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Rows, grid
from bnref.evidence.verdict import above
from reproductions.beds import leaves_chance
from reproductions.deep_perceptrons import DEEP_LANDSCAPE, DEEP_PROTOCOL, L1, L2, LINF
from reproductions.paper_beds import santurkar_settings
from reproductions.santurkar_figures import LOSS_RANGE, widths

SETTING = replace(DEEP_LANDSCAPE, arms=(L1, L2, LINF, *grid(norm=("identity",))))


def worst_contrast(rows: Rows, metric: str) -> Effect:
    """log2 of a metric, plain over the roughest of the three norms."""
    if not all(leaves_chance(row) for row in rows):
        return UNDEFINED
    roughest = max(row[metric] for row in rows.without(norm=("identity",)))
    return math.log2(rows.one(norm="identity")[metric] / roughest)


def smoother(rows: Rows) -> Effect:
    """The contrast of the median loss widths."""
    return worst_contrast(rows, "loss_width_median")


CLAIM = Claim(
    id="SA18-13-landscape",
    locator="section 3.3, figures 12 and 13",
    statement="Along the gradient the loss of a plain network varies over a range at least twice as wide as "
    "with an l1, l2 or largest-value norm (median over training).",
    protocol=DEEP_PROTOCOL
    + "The first 100 steps, probed every five as in SA18-8. Judged only where all arms end above 30 % "
    "training accuracy.",
    settings=santurkar_settings(SETTING, images=640),
    effect=smoother,
    region=above(1.0),
    unit="log2 ratio, plain over the roughest norm",
    figures=(LOSS_RANGE, widths("identity", "l1_batch_norm", "l2_batch_norm", "linf_batch_norm")),
)
