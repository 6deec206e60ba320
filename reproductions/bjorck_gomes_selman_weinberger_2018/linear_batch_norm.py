"""Batch norm between Gaussian factors does not make up for a bad start (a reading of Bjorck et al. 2018, 4).

The paper takes conditioning for what batch norm heals. Pilots on seeds 50-56: 36 to 73 steps with
it, 2 or 3 from orthogonal factors without.
"""

from bnref.evidence.claim import Claim, Effect, Rows
from bnref.evidence.effects import log_ratio
from bnref.evidence.verdict import above
from reproductions.linear_depth import DEEP, LINEAR_PROTOCOL, LINEAR_SCALES, STEPS_BY_DEPTH, steps


def times_slower(rows: Rows) -> Effect:
    """log2 of the steps with batch norm between Gaussian factors over those from orthogonal ones."""
    normalised, orthogonal = (
        steps(rows.one(weights=weights, factors=DEEP)) for weights in ("normalised", "orthogonal")
    )
    return log_ratio(normalised, orthogonal, base=2)


CLAIM = Claim(
    id="BJ18-13-start",
    locator="section 4, with a control that the paper does not have",
    statement="A linear network of twelve Gaussian factors with batch normalisation between them needs at "
    "least four times the steps of one without it whose factors start orthogonal.",
    protocol=LINEAR_PROTOCOL + "The fewest steps over the rates, twelve factors.",
    settings=LINEAR_SCALES,
    effect=times_slower,
    region=above(2.0),
    unit="log2 ratio of steps",
    figures=(STEPS_BY_DEPTH,),
)
