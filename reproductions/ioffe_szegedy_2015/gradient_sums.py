"""The gradient of a batch norm's input adds up to nothing, and with eps not quite to nothing along x.

Exact; follows from Ioffe & Szegedy 2015, section 3. Negative control: that the second sum is zero,
too, which it is without eps only.
"""

from bnref.evidence.claim import Claim
from reproductions.exact import (
    BACKWARD,
    DECADES,
    HOLDS,
    REORDERED,
    agreement,
    departure,
    tolerance,
)

TOLERANCE = tolerance(terms=64, magnified=1e3)
"""A channel's 64 values; a mean up to a thousand standard deviations away magnifies rounding by as
much."""

CLAIM = Claim(
    id="IS15-E4",
    locator="section 3, a consequence of the chain rule",
    statement="Over a batch sum dx = 0 and sum dx (x - mean) = gamma (1 - q) sum g xhat with q = var / (var "
    "+ eps): the second is zero without eps only.",
    protocol="The layer's gradients for 64 values in each of 16 channels with standard deviations from "
    "1e-4 to 1e4, means up to a thousand of them; float64, eps 1e-5. Worst error of both sums "
    "relative to the magnitudes that they add up. Control: that the second is 0, where eps "
    f"matters. Tolerance {TOLERANCE:.1e}.",
    settings=BACKWARD,
    kind="exact",
    effect=agreement(TOLERANCE, "sums"),
    control=departure(TOLERANCE, "sums"),
    region=HOLDS,
    unit=DECADES,
    substitution=REORDERED,
)
