"""With batch normalisation the best learning rate does not depend on the depth.

De & Smith 2020, table of version 1. The card's margin, a quarter of a doubling per doubling
of the depth, moved between attainable slopes, which are mostly eighths.
The best rate of a seed is the middle of those within two points of its smallest validation error: a
parabola through the smallest, as the card has it, follows the noise of a flat minimum.
In pilots slopes of -0.25 to 0.62.
"""

from bnref.evidence.claim import Claim, Rows
from bnref.evidence.verdict import within
from reproductions.residual import RATE_SLOPE, TRAINED_PROTOCOL, rate_slope, trained
from reproductions.residual_figures import printed_rate, rates_by_depth


def drift(rows: Rows) -> float:
    """Change of the best rate's log2 per doubling of the depth."""
    return rate_slope(rows, "batch_norm")


CLAIM = Claim(
    id="DS20-7-batch-norm",
    locator="section 3, table of version 1",
    statement="With batch normalisation the best learning rate of a residual network changes by a "
    "factor of at most 2^0.3 per doubling of the depth.",
    protocol=TRAINED_PROTOCOL + RATE_SLOPE,
    settings=trained("batch_norm", seeds=20, thousand_layers=True),
    effect=drift,
    region=within(-0.3, 0.3),
    unit="log2 of the rate per doubling of the depth",
    reported=(printed_rate("batch_norm", 6), printed_rate("batch_norm", 498)),
    figures=(rates_by_depth("Best rate by depth with batch normalisation", "batch_norm"),),
)
