"""Early on the gradient of the linear network changes far more along its direction without batch norm.

Santurkar et al. 2018, figure 10 (b): the largest changes are 1.9e16 and 3.1e6 (digitised, card SA18-9), and
late in the run the order is the other one. In the pilot (seeds 50-59) the largest change of the first 1,000
steps was 3 to 9 orders of magnitude larger.
"""

import math
from dataclasses import replace

from bnref.evidence.claim import Effect, Rows
from reproductions.deep_linear import DEEP_LINEAR_PROTOCOL, LANDSCAPE_PROTOCOL
from reproductions.santurkar_figures import along_steps, curves
from reproductions.santurkar_numbers import LINEAR_CHANGES
from reproductions.santurkar_tsipras_ilyas_madry_2018 import linear_loss_width
from reproductions.santurkar_tsipras_ilyas_madry_2018.linear_loss_width import EARLY, compared


def larger_change(rows: Rows) -> Effect:
    """log10 of the largest change of the gradient, no normaliser over batch norm."""
    return compared(
        rows,
        1e-6,
        lambda plain, bn: math.log10(max(plain["change"][:EARLY]) / max(bn["change"][:EARLY])),
    )


CLAIM = replace(
    linear_loss_width.CLAIM,
    id="SA18-9-linear",
    locator="section 3.2, figure 10 (b), appendix A.1",
    statement="In the first 1,000 steps of a 25-layer linear network at rate 1e-6 the largest change of the "
    "gradient along its direction is at least ten times as large without batch normalisation.",
    protocol=f"{DEEP_LINEAR_PROTOCOL} {LANDSCAPE_PROTOCOL}"
    "Largest l2 change of the gradient over eta and steps.",
    effect=larger_change,
    unit="log10 ratio, no normaliser over batch norm",
    figures=(
        along_steps(
            "change",
            "largest l2 change of the gradient",
            "Gradient of the linear network along its direction",
            *curves(LINEAR_CHANGES, "figure 10 (b), end"),
        ),
    ),
)
