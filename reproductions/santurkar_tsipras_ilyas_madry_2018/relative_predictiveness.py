"""The gradient turns away less with batch norm at distances relative to the weights, too.

Santurkar et al. 2018, figure 4 (b), with the control of SA18-8-relative; the change is measured against the
gradient itself. In the pilot (seeds 50-52) it was 5.1 to 6.9 times the gradient without a normaliser, 1.4 to
1.5 with batch norm.
"""

import math
from statistics import median

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Row, Rows, Substitution
from bnref.evidence.verdict import above
from reproductions.beds import leaves_chance
from reproductions.deep_perceptrons import DEEP_PROTOCOL, RELATIVE_LANDSCAPE, RELATIVE_PROTOCOL
from reproductions.paper_beds import santurkar_settings
from reproductions.santurkar_figures import CHANGE_RANGE, along_steps


def turned(row: Row) -> float:
    """Median over training of the change of the gradient at the largest distance over the gradient."""
    changes, sizes = row.series["predictiveness"], row.series["gradient_norm"]
    return median(change / size for change, size in zip(changes, sizes, strict=True))


def smoother(rows: Rows) -> Effect:
    """log2 of the relative changes of the gradient, plain over batch norm."""
    plain, normalised = rows.one(norm="identity"), rows.without(norm=("identity",))[0]
    if not (leaves_chance(plain) and leaves_chance(normalised)):
        return UNDEFINED
    return math.log2(turned(plain) / turned(normalised))


CLAIM = Claim(
    id="SA18-9-relative",
    locator="section 3.2, figure 4 (b), with a control that the paper does not have",
    statement="Where every tensor of parameters has moved along its gradient by 4 % of its size, the "
    "gradient of a plain network has changed, relative to its length, at least twice as much as with batch "
    "normalisation.",
    protocol=DEEP_PROTOCOL + RELATIVE_PROTOCOL + "||g - g'|| / ||g||, median over training.",
    settings=santurkar_settings(RELATIVE_LANDSCAPE, images=640),
    effect=smoother,
    region=above(1.0),
    unit="log2 ratio, plain over batch norm",
    figures=(
        CHANGE_RANGE,
        along_steps(
            "predictiveness",
            "l2 change of the gradient at 4 %",
            "Change of the gradient, relative distances",
        ),
    ),
    substitution=Substitution(better="higher", margin=0.5),
)
