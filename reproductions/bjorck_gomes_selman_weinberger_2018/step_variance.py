"""Dividing by the batch's deviation alone allows larger first steps (Bjorck et al. 2018, appendix K).

Pilots on seeds 50-57.
"""

import math
from dataclasses import replace

from bnref.evidence.claim import Arm, Claim, Rows
from bnref.evidence.verdict import above
from reproductions.deep_nets import (
    FIRST_BATCH,
    NORMALISED_RATE,
    PLAIN,
    PLAIN_RATE,
    STEP,
    STEP_PROTOCOL,
    stepping,
    steps,
)

HALF = "bnref.lab.halves:VarianceOnly"
ARMS = (
    stepping(PLAIN, PLAIN_RATE),
    stepping(Arm("variance_only", {"norm": HALF, "where": "every"}), NORMALISED_RATE),
)


def farther(rows: Rows) -> float:
    """log10 of the reach at the first batch, with this half of a batch norm over without."""
    return math.log10(rows.one(norm=HALF)["reach"] / rows.one(norm="identity")["reach"])


CLAIM = Claim(
    id="BJ18-15-variance",
    locator="appendix K, with a variant that the paper does not have",
    statement="Dividing by the deviation of the batch, without subtracting its mean, lets a deep "
    "residual network take steps along its first gradient at least five times as large.",
    protocol=STEP_PROTOCOL + "At the first batch.",
    settings=steps(replace(STEP, arms=ARMS)),
    effect=farther,
    region=above(0.7),
    unit="decades",
    figures=(FIRST_BATCH,),
)
