"""Depth costs a linear network its large rates unless its factors start orthogonal (Bjorck et al. 2018, 4).

Pilots on seeds 50-56: two to three doublings more with Gaussian factors.
"""

from bnref.evidence.claim import Claim, Effect, Rows
from bnref.evidence.effects import less, log_ratio
from bnref.evidence.verdict import above
from reproductions.linear_depth import (
    LINEAR_PROTOCOL,
    LINEAR_SCALES,
    RATE_BY_DEPTH,
    largest_rate,
    two_depths,
)


def falls_further(rows: Rows) -> Effect:
    """log2 by which the largest rate falls from 2 to 12 factors, Gaussian less orthogonal."""
    falls = []
    for weights in ("gaussian", "orthogonal"):
        shallow, deep = map(largest_rate, two_depths(rows, weights))
        falls.append(log_ratio(shallow, deep, base=2))
    return less(*falls)


CLAIM = Claim(
    id="BJ18-13-rates",
    locator="section 4",
    statement="From two to twelve factors the largest usable learning rate of a linear network falls at "
    "least twice as far with Gaussian as with orthogonal factors.",
    protocol=LINEAR_PROTOCOL
    + "Falls: the ratio of the largest rates that get there, at both depths.",
    settings=LINEAR_SCALES,
    effect=falls_further,
    # Rates lie 1 apart: the bound stands between equal falls and one that is twice as large.
    region=above(0.5),
    unit="log2 ratio of falls",
    figures=(RATE_BY_DEPTH,),
)
