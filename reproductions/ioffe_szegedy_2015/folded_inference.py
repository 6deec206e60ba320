"""In evaluation a batch norm is one affine map, which the layer before it can take over.

Exact (Ioffe & Szegedy 2015, section 3.1, algorithm 2, step 11). Negative control: the layer's own
bias added after the fold, not scaled by it.
"""

from bnref.evidence.claim import Claim
from reproductions.exact import (
    BATCH_NORM,
    DECADES,
    HOLDS,
    REORDERED,
    agreement,
    departure,
    settings,
    tolerance,
)

FOLD = settings(
    "folded_inference",
    BATCH_NORM,
    {"channels": 16, "batch_size": 8, "size": 6},
    {"channels": 4, "batch_size": 2, "size": 3},
)

TOLERANCE = tolerance(terms=16 * 9 + 4)
"""An output sums 16 channels of 9 weights and four terms of the shift."""

CLAIM = Claim(
    id="IS15-5",
    locator="section 3.1, algorithm 2",
    statement="With fixed statistics BN(W u + b) = (a W) u + a (b - E) + beta, a = gamma / sqrt(Var + eps), "
    "for every input, whatever else is in the batch.",
    protocol="Dense and 3x3 convolutional layers of 16 channels, random statistics with variances from "
    "1e-4 to 1e4, weights over four decades, float64. Worst error of the layer's evaluation, of a "
    "batch and of one image alone, relative to the sum of the magnitudes of its terms. Control: "
    f"the bias b itself in the place of a b. Tolerance {TOLERANCE:.1e}.",
    settings=FOLD,
    kind="exact",
    effect=agreement(TOLERANCE, "fold"),
    control=departure(TOLERANCE, "fold"),
    region=HOLDS,
    unit=DECADES,
    substitution=REORDERED,
)
