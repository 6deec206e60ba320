"""Theorem 4.4 as all versions print it, dimensions that do not agree included; see SA18-T4.

Exact (Santurkar et al. 2018, theorem 4.4). Judged only where the corrected form holds on the same
units. Negative control: the corrected form without the last 1/m.
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

TOLERANCE = tolerance(terms=16, magnified=10)
"""16 values; samples up to three standard deviations from zero."""

CLAIM = Claim(
    id="SA18-T4-printed",
    locator="theorem 4.4",
    statement="The largest |X'v|^2 is at most gamma^2/s^2 (g_j^2 - m mu^2 - lambda^2 <g, yhat>^2), with g_j "
    "= lambda^2 |g|^2 that without batch norm and mu the mean of g.",
    protocol="Units y = Xw, 16 samples, scales over four decades, a loss with any gradient and symmetric "
    "Hessian for each of 8 units; gradients by autograd through the layer, float64. lambda = 2, "
    "no eps, gradients of about 0.01 a value. By how much the left side is larger, relative to "
    f"gamma^2/s^2 g_j, in the worst unit. Tolerance {TOLERANCE:.1e}.",
    settings=UNIT,
    kind="exact",
    effect=as_printed(TOLERANCE, printed="slipped", corrected="weights"),
    control=departure(TOLERANCE, "weights"),
    region=HOLDS,
    unit=DECADES,
    expected=refuted(
        "g_j is a squared norm already and is squared again, the mean's term lacks lambda^2 and the "
        "last one 1/m, so that the bound is broken wherever gradients are small."
    ),
    substitution=REORDERED,
)
