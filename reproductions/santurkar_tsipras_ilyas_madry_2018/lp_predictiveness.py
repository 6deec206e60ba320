"""The gradient changes less along its direction with any of the lp norms.

Santurkar et al. 2018, section 3.3, figures 12 and 13; region and metric of SA18-9, the least contrast of the
three norms counts. In the pilot (seeds 50-52) the plain network's changes were 2.7 to 5.3 times as large.
"""

from dataclasses import replace

from bnref.evidence.claim import Effect, Rows
from reproductions.deep_perceptrons import DEEP_PROTOCOL
from reproductions.santurkar_figures import CHANGE_RANGE, changes
from reproductions.santurkar_tsipras_ilyas_madry_2018 import lp_loss_width
from reproductions.santurkar_tsipras_ilyas_madry_2018.lp_loss_width import worst_contrast


def smoother(rows: Rows) -> Effect:
    """log2 of the median gradient changes at four times the rate, plain over the roughest norm."""
    return worst_contrast(rows, "predictiveness_median")


CLAIM = replace(
    lp_loss_width.CLAIM,
    id="SA18-13-predictiveness",
    locator="section 3.3, figures 12 and 13",
    statement="After a step of four times the rate along the gradient, the gradient of a plain network has "
    "changed at least twice as much as with an l1, l2 or largest-value norm (median over training).",
    protocol=DEEP_PROTOCOL
    + "The first 100 steps, probed every five as in SA18-9. Judged only where all arms end above 30 % "
    "training accuracy.",
    effect=smoother,
    figures=(
        CHANGE_RANGE,
        changes("identity", "l1_batch_norm", "l2_batch_norm", "linf_batch_norm"),
    ),
)
