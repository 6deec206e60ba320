"""The covariance of a batch with more features than samples is singular: it cannot be whitened.

Exact (Ioffe & Szegedy 2015, section 3, why each feature is normalised alone). Negative control: the
samples themselves, not centred, which have full rank.
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

TOLERANCE = tolerance(terms=32, magnified=1e3)
"""A mean sums 32 samples; a mean up to a thousand standard deviations away magnifies rounding by as
much."""

CLAIM = Claim(
    id="IS15-2-rank",
    locator="section 3",
    statement="The covariance of N samples with more than N features has at most rank N - 1.",
    protocol="32 samples of 256 features whose standard deviations differ by up to eight decades and whose "
    "means lie up to a thousand away, float64. The N-th singular value of the centred samples "
    f"over the first. Control: that of the samples before centring. Tolerance {TOLERANCE:.1e}.",
    settings=FORWARD,
    kind="exact",
    effect=agreement(TOLERANCE, "rank"),
    control=departure(TOLERANCE, "rank"),
    region=HOLDS,
    unit=DECADES,
    substitution=REORDERED,
)
