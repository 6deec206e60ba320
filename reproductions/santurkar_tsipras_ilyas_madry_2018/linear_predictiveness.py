"""Early on the gradient of the linear network changes far more along its direction without batch norm.

Santurkar et al. 2018, figure 10 (b): the largest changes are 1.9e16 and 3.1e6 (digitised, card SA18-9), and
late in the run the order is the other one. In the pilot (seeds 50-59) the largest change of the first 1,000
steps was 3 to 9 orders of magnitude larger.
"""

import math

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Rows, Substitution, grid
from bnref.evidence.verdict import above
from reproductions.deep_linear import (
    DEEP_LINEAR_PROTOCOL,
    LANDSCAPE_PROTOCOL,
    along_gradient,
    at_rate,
    linear_settings,
)
from reproductions.santurkar_tsipras_ilyas_madry_2018.linear_loss_width import EARLY


def larger_change(rows: Rows) -> Effect:
    """log10 of the largest change of the gradient, no normaliser over batch norm."""
    plain, normalised = at_rate(rows, 1e-6)
    if plain.diverged or normalised.diverged:
        return UNDEFINED
    return math.log10(
        max(plain.series["change"][:EARLY]) / max(normalised.series["change"][:EARLY])
    )


CLAIM = Claim(
    id="SA18-9-linear",
    locator="section 3.2, figure 10 (b), appendix A.1",
    statement="In the first 1,000 steps of a 25-layer linear network at rate 1e-6 the largest change of the "
    "gradient along its direction is at least ten times as large without batch normalisation.",
    protocol=f"{DEEP_LINEAR_PROTOCOL} {LANDSCAPE_PROTOCOL}"
    "Largest l2 change of the gradient over eta and steps.",
    settings=linear_settings(grid(norm=("batch_norm", "identity"), learning_rate=(1e-6,))),
    effect=larger_change,
    region=above(1.0),
    unit="log10 ratio, no normaliser over batch norm",
    figures=(
        along_gradient(
            "change",
            "largest l2 change of the gradient",
            "Change of the gradient along its direction",
        ),
    ),
    substitution=Substitution(better="higher", margin=0.5),
)
