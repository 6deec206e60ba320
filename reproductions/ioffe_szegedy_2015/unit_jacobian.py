"""Between normalised layers the squared singular values average to one, whatever the weights.

Exact; all that is certain of the conjecture of Ioffe & Szegedy 2015, section 3.3, that they are all
close to one. Negative control: correlated inputs.
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

JACOBIAN = settings(
    "unit_jacobian",
    BATCH_NORM,
    {"channels": 32, "batch_size": 256},
    {"channels": 8, "batch_size": 64},
)

TOLERANCE = tolerance(terms=256 + 32)
"""256 samples for the covariance, 32 inputs for a row."""

CLAIM = Claim(
    id="IS15-E19",
    locator="section 3.3, the conjecture on singular values",
    statement="For inputs with identity covariance and each unit of z = W xhat normalised, every row of d "
    "zhat / d xhat has norm one, so for as many units as inputs the squared singular values "
    "average to one.",
    protocol="32 units whose weights differ by six decades, 256 samples with exactly identity covariance, "
    "the layer's Jacobian in evaluation with their statistics, float64, no eps. Worst error of a "
    "row's norm and of the mean square. Control: the mean square for inputs of variance one that "
    f"are correlated. Tolerance {TOLERANCE:.1e}.",
    settings=JACOBIAN,
    kind="exact",
    effect=agreement(TOLERANCE, "rows"),
    control=departure(TOLERANCE, "rows"),
    region=HOLDS,
    unit=DECADES,
    substitution=REORDERED,
)
