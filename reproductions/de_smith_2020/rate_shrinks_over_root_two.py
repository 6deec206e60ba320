"""Where sums are divided by sqrt(2) the best learning rate shrinks with depth.

De & Smith 2020, table of version 1: 2^-2 for 16 layers, 2^-5 for 100.
The best rate of a seed is the middle of those within two points of its smallest validation error: a
parabola through the smallest, as the card has it, follows the noise of a flat minimum.
From 4 to 16 blocks, since 64 hardly train. Attainable slopes are mostly quarters: the bound is between.
Pilots gave 0.25 to 1.
"""

from bnref.evidence.claim import Claim, Rows
from bnref.evidence.verdict import above
from reproductions.residual import RATE_SLOPE, TRAINED_PROTOCOL, rate_slope, trained
from reproductions.residual_figures import printed_rate, rates_by_depth


def shrinks(rows: Rows) -> float:
    """Fall of the best rate's log2 per doubling of the depth."""
    return -rate_slope(rows, "over_root_two")


CLAIM = Claim(
    id="DS20-7",
    locator="section 3, table of version 1",
    statement="Dividing the sums of a residual network by sqrt(2) makes its best learning rate "
    "fall by a factor of at least 2^0.2 per doubling of the depth.",
    protocol=TRAINED_PROTOCOL + RATE_SLOPE,
    settings=trained("over_root_two", depths=(4, 16)),
    effect=shrinks,
    region=above(0.2),
    unit="log2 of the rate per doubling of the depth",
    reported=(printed_rate("over_root_two", 6), printed_rate("over_root_two", 48)),
    figures=(rates_by_depth("Best rate by depth, sums divided by sqrt(2)", "over_root_two"),),
)
