"""The variance of all data is the mean of the batches' variances plus the variance of their means.

Exact; what algorithm 2 of Ioffe & Szegedy 2015 leaves out where batches differ. Negative control:
the mean of the variances alone.
"""

from bnref.evidence.claim import Claim
from reproductions.exact import (
    BATCHES,
    DECADES,
    HOLDS,
    REORDERED,
    agreement,
    departure,
    tolerance,
)

TOLERANCE = tolerance(terms=8 * 3, magnified=10)
"""24 values; means lie within ten standard deviations."""

CLAIM = Claim(
    id="IS15-E14",
    locator="section 3.1, algorithm 2, step 10",
    statement="Where equal batches divide the data, its biased variance is the mean of the batches' biased "
    "variances plus the variance of their means.",
    protocol="Eight batches of 3 of sorted values in 8 channels over eight decades, so that the batches "
    "differ, float64; both sides as formulas, and the running variance estimated again by total "
    f"variance. Worst relative error. Control: the first term alone. Tolerance {TOLERANCE:.1e}.",
    settings=BATCHES,
    kind="exact",
    effect=agreement(TOLERANCE, "total"),
    control=departure(TOLERANCE, "total"),
    region=HOLDS,
    unit=DECADES,
    substitution=REORDERED,
)
