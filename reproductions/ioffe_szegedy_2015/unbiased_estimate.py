"""The mean of m/(m-1) var_B estimates the population's variance, drawn with replacement.

Exact (Ioffe & Szegedy 2015, section 3.1, algorithm 2, step 10). Negative control: that it does so
without replacement, as an epoch draws, too.
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

TOLERANCE = tolerance(terms=216 + 3, magnified=10)
"""216 variances of 3 values; means lie within ten standard deviations."""

CLAIM = Claim(
    id="IS15-E13",
    locator="section 3.1, algorithm 2",
    statement="Over all batches of m samples the mean of m/(m-1) var_B is exactly the biased variance of "
    "the N samples where batches are drawn with replacement, and N/(N-1) times it where they are "
    "drawn without.",
    protocol="Every one of the 216 ordered and 20 unordered batches of 3 out of 6 values in 8 channels "
    "over eight decades, float64; the variance that the running statistics have, estimated again "
    "from all of them. Worst relative error. Control: the biased variance for batches without "
    f"replacement. Tolerance {TOLERANCE:.1e}.",
    settings=BATCHES,
    kind="exact",
    effect=agreement(TOLERANCE, "estimate"),
    control=departure(TOLERANCE, "estimate"),
    region=HOLDS,
    unit=DECADES,
    substitution=REORDERED,
)
