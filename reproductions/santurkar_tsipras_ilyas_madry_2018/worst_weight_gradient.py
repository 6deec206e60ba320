"""Theorem 4.4 with its three slips corrected is an equality.

Exact (Santurkar et al. 2018, theorem 4.4). The worst X is chosen with gradient, s and yhat held
fixed, though y = XW. Negative control: <g, yhat>^2 without 1/m.
"""

from bnref.evidence.claim import Claim
from reproductions.exact import (
    DECADES,
    HOLDS,
    REORDERED,
    UNIT,
    agreement,
    departure,
    tolerance,
)

TOLERANCE = tolerance(terms=16, magnified=10)
"""16 values; samples up to three standard deviations from zero."""

CLAIM = Claim(
    id="SA18-T4",
    locator="theorem 4.4",
    statement="Over all X with spectral norm at most lambda the largest |X'v|^2 is lambda^2 |v|^2 = "
    "gamma^2/s^2 (g_j - lambda^2 m mu^2 - lambda^2/m <g, yhat>^2), with g_j = lambda^2 |g|^2 that "
    "without batch norm and mu the mean of g.",
    protocol="Units y = Xw, 16 samples, scales over four decades, a loss with any gradient and symmetric "
    "Hessian for each of 8 units; gradients by autograd through the layer, float64. lambda = 2, "
    "no eps: the X that reaches it, and 16 random ones of that norm, which must not reach more. "
    "Worst error relative to gamma^2/s^2 g_j. Control: without the last 1/m. Tolerance "
    f"{TOLERANCE:.1e}.",
    settings=UNIT,
    kind="exact",
    effect=agreement(TOLERANCE, "weights"),
    control=departure(TOLERANCE, "weights"),
    region=HOLDS,
    unit=DECADES,
    substitution=REORDERED,
)
