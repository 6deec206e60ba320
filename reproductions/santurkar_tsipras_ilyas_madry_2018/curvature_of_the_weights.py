"""The Hessian by the weights of a unit is X' times that by its outputs times X.

Exact (Santurkar et al. 2018, theorem C.1, the identity under it). The theorem's strict bound over
the worst X holds y fixed and needs <g, yhat> > 0; only the identity is judged. Negative control:
the curvature of the normalisation left out.
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
"""An entry sums 16 x 16 values; samples up to three standard deviations from zero."""

CLAIM = Claim(
    id="SA18-TC1",
    locator="theorem C.1, appendix C",
    statement="For y = Xw without eps d2L/dw2 = X' (d2L/dy2) X, with d2L/dy2 as in SA18-T2.",
    protocol="Units y = Xw, 16 samples, scales over four decades, a loss with any gradient and symmetric "
    "Hessian for each of 8 units; gradients by autograd through the layer, float64. The weights' "
    "Hessian by autograd through the layer, of 6 inputs. Worst error of an entry relative to the "
    f"unit's largest. Control: X' gamma^2/s^2 P H P X. Tolerance {TOLERANCE:.1e}.",
    settings=UNIT,
    kind="exact",
    effect=agreement(TOLERANCE, "curvature"),
    control=departure(TOLERANCE, "curvature"),
    region=HOLDS,
    unit=DECADES,
    substitution=REORDERED,
)
