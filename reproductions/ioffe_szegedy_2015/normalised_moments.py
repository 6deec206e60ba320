"""A batch norm gives every channel the mean 0 and, up to eps, the mean square 1.

Exact (Ioffe & Szegedy 2015, section 3, which neglects eps). Negative control: the unbiased
variance, which frameworks keep as running_var, in the place of the biased one.
"""

from bnref.evidence.claim import Claim
from reproductions.exact import (
    DECADES,
    FORWARD,
    HOLDS,
    REORDERED,
    agreement,
    departure,
    tolerance,
)

TOLERANCE = tolerance(terms=32 * 4 * 4, magnified=1e3)
"""A channel's 512 values; a mean up to a thousand standard deviations away magnifies rounding by as
much."""

CLAIM = Claim(
    id="IS15-2",
    locator="section 3, algorithm 1",
    statement="In training the normalised values of a channel have mean 0 and mean square var / (var + "
    "eps), with var the biased variance of the batch: 1 where eps is neglected.",
    protocol="32 images of 4x4 in 16 channels with standard deviations from 1e-4 to 1e4, so that eps = "
    "1e-5 is nothing or all, and means up to a thousand of them; float64. Worst error of mean and "
    "mean square, relative to the root mean square expected and to its square. Control: the "
    f"variance with count - 1. Tolerance {TOLERANCE:.1e}.",
    settings=FORWARD,
    kind="exact",
    effect=agreement(TOLERANCE, "moments"),
    control=departure(TOLERANCE, "moments"),
    region=HOLDS,
    unit=DECADES,
    substitution=REORDERED,
)
