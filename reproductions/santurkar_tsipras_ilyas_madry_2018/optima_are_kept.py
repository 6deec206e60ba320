"""Optima survive a batch norm put after them, where the layer has a bias.

Exact (Santurkar et al. 2018, observation 4.3). Negative control: the same weights with gamma = 1
and beta = 0.
"""

from bnref.evidence.claim import Claim
from reproductions.exact import (
    DECADES,
    HOLDS,
    OPTIMA,
    REORDERED,
    agreement,
    departure,
    tolerance,
)

TOLERANCE = tolerance(terms=64, magnified=1e2)
"""64 samples, and least squares of a condition number up to about a hundred."""

CLAIM = Claim(
    id="SA18-O3",
    locator="observation 4.3",
    statement="An optimum of a layer with bias stays stationary in weights, gamma and beta once a batch "
    "norm with gamma = sd and beta = mean follows, which changes none of its outputs.",
    protocol="Least squares of 8 units on 64 samples of 6 inputs with offsets, no eps, float64. Worst "
    "error of an output relative to the largest, and of a derivative relative to the magnitudes "
    "that it adds up, residuals counted at the size of target and output. Tolerance "
    f"{TOLERANCE:.1e}.",
    settings=OPTIMA,
    kind="exact",
    effect=agreement(TOLERANCE, "kept"),
    control=departure(TOLERANCE, "kept"),
    region=HOLDS,
    unit=DECADES,
    substitution=REORDERED,
)
