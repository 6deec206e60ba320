"""The second form of theorem 4.2 does not follow from its condition; see SA18-T2.

Exact (Santurkar et al. 2018, theorem 4.2, second form). Judged only where the first form holds on
the same units. Negative control: the curvature of the normalisation itself left out.
"""

from bnref.evidence.claim import Claim
from reproductions.exact import (
    DECADES,
    HOLDS,
    REORDERED,
    UNIT,
    as_printed,
    departure,
    refuted,
    tolerance,
)

TOLERANCE = tolerance(terms=16 * 16, magnified=10)
"""A form of 16 x 16 values; samples up to three standard deviations from zero."""

CLAIM = Claim(
    id="SA18-T2-printed",
    locator="theorem 4.2, second form",
    statement="Where H preserves the relative norms of g and v, as H = h I with h > 0 does, v' (d2L/dy2) v "
    "<= gamma^2/s^2 (g' H g - <g, yhat> |v|^2 / (m gamma)).",
    protocol="Units y = Xw, 16 samples, scales over four decades, a loss with any gradient and symmetric "
    "Hessian for each of 8 units; gradients by autograd through the layer, float64. H = h I with "
    "h between 0.1 and 10, gamma three to eight times the standard deviation, no eps. By how much "
    "the left side is larger, relative to gamma^2/s^2 v' H v, in the worst unit. Control: "
    f"gamma^2/s^2 v' H v for the left side. Tolerance {TOLERANCE:.1e}.",
    settings=UNIT,
    kind="exact",
    effect=as_printed(TOLERANCE, printed="relative", corrected="hessian"),
    control=departure(TOLERANCE, "hessian"),
    region=HOLDS,
    unit=DECADES,
    expected=refuted(
        "It needs v' H v <= g' H g, and v = gamma/s P g is longer than g where gamma is large against "
        "s: preserving norms is not enough, gamma |P g| <= s |g| must hold as well."
    ),
    substitution=REORDERED,
)
