"""With SkipInit from alpha = 0 the best learning rate does not depend on the depth.

De & Smith 2020, table of version 1. The card's margin, a quarter of a doubling per doubling
of the depth, moved between attainable slopes, which are mostly eighths.
The best rate of a seed is the middle of those within two points of its smallest validation error: a
parabola through the smallest, as the card has it, follows the noise of a flat minimum.
In pilots slopes of -0.5 to -0.12.
"""

from bnref.evidence.claim import Claim, Rows
from bnref.evidence.verdict import within
from reproductions.residual import RATE_SLOPE, TRAINED_PROTOCOL, rate_slope, trained
from reproductions.residual_figures import printed_rate, rates_by_depth


def drift(rows: Rows) -> float:
    """Change of the best rate's log2 per doubling of the depth."""
    return rate_slope(rows, "skip_init_0")


CLAIM = Claim(
    id="DS20-7-skip-init",
    locator="section 3, table of version 1",
    statement="With SkipInit from alpha = 0 the best learning rate of a residual network changes "
    "by a factor of at most 2^0.3 per doubling of the depth.",
    protocol=TRAINED_PROTOCOL + RATE_SLOPE,
    settings=trained("skip_init_0", seeds=20, thousand_layers=True),
    effect=drift,
    region=within(-0.3, 0.3),
    unit="log2 of the rate per doubling of the depth",
    reported=(printed_rate("skip_init_0", 6), printed_rate("skip_init_0", 498)),
    figures=(rates_by_depth("Best rate by depth with SkipInit from alpha = 0", "skip_init_0"),),
)
