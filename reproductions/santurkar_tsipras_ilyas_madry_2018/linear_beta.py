"""The typical effective smoothness of the linear network is better with batch norm.

Santurkar et al. 2018, figure 10 (c), whose late plateau is 2e6 = 2 / rate in both networks (digitised, card
SA18-10). In the pilot (seeds 50-59) medians without a normaliser were 0.6 to 1.8 of those with batch norm.
"""

import math
from statistics import median

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Expectation, Rows, Substitution, grid
from bnref.evidence.figure import Overlay
from bnref.evidence.verdict import above
from reproductions.deep_linear import (
    DEEP_LINEAR_PROTOCOL,
    LANDSCAPE_PROTOCOL,
    along_gradient,
    at_rate,
    linear_settings,
)


def smoother(rows: Rows) -> Effect:
    """log2 of the median effective beta, no normaliser over batch norm."""
    plain, normalised = at_rate(rows, 1e-6)
    if plain.diverged or normalised.diverged:
        return UNDEFINED
    return math.log2(median(plain.series["beta"]) / median(normalised.series["beta"]))


CLAIM = Claim(
    id="SA18-10-linear",
    locator="section 3.2, figure 10 (c), appendix A.1",
    statement="In a 25-layer linear network at rate 1e-6 the median effective beta over training is at "
    "least twice as large without batch normalisation.",
    protocol=f"{DEEP_LINEAR_PROTOCOL} {LANDSCAPE_PROTOCOL}"
    "Effective beta: max over eta of the change of the gradient over eta ||g||.",
    settings=linear_settings(grid(norm=("batch_norm", "identity"), learning_rate=(1e-6,))),
    effect=smoother,
    region=above(1.0),
    unit="log2 ratio, no normaliser over batch norm",
    expected={
        "small": Expectation(
            outcome="refuted",
            because="Descent at a fixed rate comes to where curvature is 2 / rate, with batch norm or "
            "without, and so the typical beta says what the rate was.",
        )
    },
    figures=(
        along_gradient(
            "beta",
            "effective beta",
            "Effective beta-smoothness of the linear network",
            Overlay(points={0.0: 2e6, 9900.0: 2e6}, source="2 / rate"),
        ),
    ),
    substitution=Substitution(better="higher", margin=0.5),
)
