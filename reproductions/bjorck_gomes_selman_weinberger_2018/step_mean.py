"""Subtracting the batch's mean alone allows larger first steps (Bjorck et al. 2018, appendix K).

Pilots on seeds 50-57: 0.9 to 1.9 decades, median 1.5.
"""

import math
from collections.abc import Mapping
from dataclasses import replace

from bnref.evidence.claim import Arm, Claim, Rows, Setting
from bnref.evidence.verdict import above
from reproductions.bjorck_figures import FIRST_BATCH
from reproductions.deep_nets import (
    NORMALISED_RATE,
    PLAIN,
    PLAIN_RATE,
    STEP,
    STEP_PROTOCOL,
    stepping,
    steps,
)


def alone(name: str, layer: str) -> Mapping[str, Setting]:
    """Networks without a normaliser, and with this half of a batch norm behind every convolution."""
    half = Arm(name, {"norm": f"bnref.lab.halves:{layer}", "where": "every"})
    arms = (stepping(PLAIN, PLAIN_RATE), stepping(half, NORMALISED_RATE))
    return steps(replace(STEP, arms=arms))


def farther(rows: Rows) -> float:
    """log10 of the reach at the first batch, with this half of a batch norm over without."""
    (half,) = rows.without(norm=("identity",))
    return math.log10(half["reach"] / rows.one(norm="identity")["reach"])


CLAIM = Claim(
    id="BJ18-15-mean",
    locator="appendix K, with a variant that the paper does not have",
    statement="Subtracting the mean of the batch, without dividing by its deviation, lets a deep "
    "residual network take steps along its first gradient at least five times as large.",
    protocol=STEP_PROTOCOL + "At the first batch.",
    settings=alone("mean_only", "MeanOnly"),
    effect=farther,
    region=above(0.7),
    unit="decades",
    figures=(FIRST_BATCH,),
)
