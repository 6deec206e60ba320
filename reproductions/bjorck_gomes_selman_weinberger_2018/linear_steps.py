"""Depth slows a linear network down unless its factors start orthogonal (Bjorck et al. 2018, section 4).

Pilots on seeds 50-56: the steps grow fiftyfold with Gaussian factors and threefold with orthogonal ones.
"""

from bnref.evidence.claim import Claim, Effect, Rows
from bnref.evidence.effects import less, log_ratio
from bnref.evidence.verdict import above
from reproductions.linear_depth import (
    LINEAR_PROTOCOL,
    LINEAR_SCALES,
    STEPS_BY_DEPTH,
    steps,
    two_depths,
)


def slows_more(rows: Rows) -> Effect:
    """log2 by which the steps grow from 2 to 12 factors, Gaussian less orthogonal."""
    growths = []
    for weights in ("gaussian", "orthogonal"):
        shallow, deep = map(steps, two_depths(rows, weights))
        growths.append(log_ratio(deep, shallow, base=2))
    return less(*growths)


CLAIM = Claim(
    id="BJ18-13-steps",
    locator="section 4",
    statement="From two to twelve factors the steps that a linear network needs at its best rate grow at "
    "least four times as much with Gaussian as with orthogonal factors.",
    protocol=LINEAR_PROTOCOL + "The fewest steps over the rates, at both depths.",
    settings=LINEAR_SCALES,
    effect=slows_more,
    region=above(2.0),
    unit="log2 ratio of growths",
    figures=(STEPS_BY_DEPTH,),
)
