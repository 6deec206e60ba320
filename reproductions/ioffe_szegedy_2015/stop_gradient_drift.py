"""A gradient that takes the batch's mean for a constant lets a bias grow while nothing changes.

Exact (Ioffe & Szegedy 2015, section 2, without numbers). Negative control: that the bias stays, as
with the true gradient.
"""

from bnref.evidence.claim import Claim
from reproductions.exact import (
    DECADES,
    HOLDS,
    STOP_GRADIENT,
    agreement,
    departure,
    tolerance,
)

TOLERANCE = tolerance(terms=64 + 100, magnified=1e3)
"""A gradient sums 64 values, the path 100 steps; b drifts to some hundred standard deviations of
u."""

CLAIM = Claim(
    id="IS15-1",
    locator="section 2",
    statement="Where the gradient takes the mean that is subtracted for a constant, a bias b before it "
    "moves by the same step at each step of plain full-batch descent, b_t = b_0 - eta t sum "
    "dl/dx, while output and loss stay as they are.",
    protocol="Batch norm whose gradient stops at the mean, x = u + b, only b trained for 100 steps at "
    "0.05, one squared loss for each of 16 units, float64. Worst error of b_t, relative to the "
    "largest, and of the losses. Control: that b stays. If other parameters train, too, or with "
    f"momentum, growth is not linear. Tolerance {TOLERANCE:.1e}.",
    settings=STOP_GRADIENT,
    kind="exact",
    effect=agreement(TOLERANCE, "drift"),
    control=departure(TOLERANCE, "drift"),
    region=HOLDS,
    unit=DECADES,
)
