"""A scale of the input is a scale of eps, and a negative one turns the output over.

Exact (Ioffe & Szegedy 2015, section 3.3, which is silent on eps and on signs). Negative control:
eps as it was.
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
    id="IS15-E6",
    locator="section 3.3",
    statement="BN_eps(a x) = sign(a) BN_(eps/a^2)(x) for every a other than 0; without eps a may differ "
    "from channel to channel.",
    protocol="32 images of 4x4 in 16 channels with standard deviations from 1e-4 to 1e4 and means up to a "
    "thousand of them; a of either sign between 0.001 and 1000, eps 1e-5 and none; float64. Worst "
    "error relative to the channel's root mean square. Control: BN_eps(a x) = sign(a) BN_eps(x). "
    f"Tolerance {TOLERANCE:.1e}.",
    settings=FORWARD,
    kind="exact",
    effect=agreement(TOLERANCE, "scaled"),
    control=departure(TOLERANCE, "scaled"),
    region=HOLDS,
    unit=DECADES,
    substitution=REORDERED,
)
