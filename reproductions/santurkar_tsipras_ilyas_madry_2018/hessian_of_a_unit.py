"""The first form of theorem 4.2 is an equality, and there is one for the whole Hessian.

Exact (Santurkar et al. 2018, theorem 4.2 and its proof). Negative control: the curvature of the
normalisation itself left out.
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

TOLERANCE = tolerance(terms=16 * 16, magnified=10)
"""A form of 16 x 16 values; samples up to three standard deviations from zero."""

CLAIM = Claim(
    id="SA18-T2",
    locator="theorem 4.2, first form",
    statement="With v = dL/dy, v' (d2L/dy2) v = gamma^2/s^2 v' H v - gamma/(m s^2) <g, yhat> |v|^2 without "
    "eps, and d2L/dy2 = gamma^2/s^2 (P H P - (gb yhat' + yhat gb' - 3/m <g, yhat> yhat yhat' + "
    "<g, yhat> (I - 11'/m)) / (m gamma)), gb = g - mean g, P the projection of IS15-E5.",
    protocol="Units y = Xw, 16 samples, scales over four decades, a loss with any gradient and symmetric "
    "Hessian for each of 8 units; gradients by autograd through the layer, float64. Worst error "
    "of the form relative to its terms, of an entry to the largest of gamma^2/s^2 H and gamma/s^2 "
    f"g. Control: gamma^2/s^2 v' H v. Tolerance {TOLERANCE:.1e}.",
    settings=UNIT,
    kind="exact",
    effect=agreement(TOLERANCE, "hessian"),
    control=departure(TOLERANCE, "hessian"),
    region=HOLDS,
    unit=DECADES,
    substitution=REORDERED,
)
