"""The typical effective smoothness of the linear network is better with batch norm.

Santurkar et al. 2018, figure 10 (c), whose late plateau is 2e6 = 2 / rate in both networks (digitised, card
SA18-10). In the pilot (seeds 50-59) medians without a normaliser were 0.6 to 1.8 of those with batch norm.
"""

import math
from dataclasses import replace
from statistics import median

from bnref.evidence.claim import Effect, Expectation, Rows
from bnref.evidence.figure import Overlay
from reproductions.deep_linear import DEEP_LINEAR_PROTOCOL, LANDSCAPE_PROTOCOL
from reproductions.santurkar_figures import along_steps
from reproductions.santurkar_tsipras_ilyas_madry_2018 import linear_loss_width
from reproductions.santurkar_tsipras_ilyas_madry_2018.linear_loss_width import compared


def smoother(rows: Rows) -> Effect:
    """log2 of the median effective beta, no normaliser over batch norm."""
    return compared(
        rows, 1e-6, lambda plain, bn: math.log2(median(plain["beta"]) / median(bn["beta"]))
    )


CLAIM = replace(
    linear_loss_width.CLAIM,
    id="SA18-10-linear",
    locator="section 3.2, figure 10 (c), appendix A.1",
    statement="In a 25-layer linear network at rate 1e-6 the median effective beta over training is at least "
    "twice as large without batch normalisation.",
    protocol=f"{DEEP_LINEAR_PROTOCOL} {LANDSCAPE_PROTOCOL}"
    "Effective beta: max over eta of the change of the gradient over eta ||g||.",
    effect=smoother,
    unit="log2 ratio, no normaliser over batch norm",
    expected={
        "small": Expectation(
            outcome="refuted",
            because="Descent at a fixed rate comes to where curvature is 2 / rate, with batch norm or "
            "without, and so the typical beta says what the rate was.",
        )
    },
    figures=(
        along_steps(
            "beta",
            "effective beta",
            "Effective beta-smoothness of the linear network",
            Overlay(points={0.0: 2e6, 9900.0: 2e6}, source="2 / rate"),
        ),
    ),
)
