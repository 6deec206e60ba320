"""Batch norm speeds up a deep linear network of Gaussian factors (Bjorck et al. 2018, section 4).

Pilots on seeds 50-58: 0.6 to 2 doublings, median 1.1.
"""

from bnref.evidence.claim import Claim, Effect, Rows
from bnref.evidence.effects import log_ratio
from bnref.evidence.verdict import above
from reproductions.linear_depth import DEEP, LINEAR_PROTOCOL, LINEAR_SCALES, STEPS_BY_DEPTH, steps


def times_faster(rows: Rows) -> Effect:
    """log2 of the steps from Gaussian factors without batch norm over those with it."""
    gaussian, normalised = (
        steps(rows.one(weights=weights, factors=DEEP)) for weights in ("gaussian", "normalised")
    )
    return log_ratio(gaussian, normalised, base=2)


CLAIM = Claim(
    id="BJ18-13-bn",
    locator="section 4",
    statement="Batch normalisation between the factors saves a linear network of twelve Gaussian factors "
    "at least a third of its steps.",
    protocol=LINEAR_PROTOCOL + "The fewest steps over the rates, twelve factors.",
    settings=LINEAR_SCALES,
    effect=times_faster,
    region=above(0.585),
    unit="log2 ratio of steps",
    figures=(STEPS_BY_DEPTH,),
)
