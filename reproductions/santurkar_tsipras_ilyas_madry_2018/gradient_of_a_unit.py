"""Theorem 4.1 with its factor corrected to 1/m is no bound but an equality.

Exact (Santurkar et al. 2018, theorem 4.1, as later versions print it). Negative control: the term
of the mean left out.
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
    id="SA18-T1",
    locator="theorem 4.1",
    statement="With g the gradient of a unit's normalised outputs, |dL/dy|^2 = gamma^2/s^2 (|g|^2 - <1, "
    "g>^2/m - (2 - r) <g, yhat>^2/m), s^2 = var + eps, r = var / (var + eps): the theorem's bound "
    "is reached without eps and kept with it.",
    protocol="Units y = Xw, 16 samples, scales over four decades, a loss with any gradient and symmetric "
    "Hessian for each of 8 units; gradients by autograd through the layer, float64. Without eps "
    "and with 1e-5. Worst error relative to gamma^2/s^2 |g|^2. Control: without <1, g>^2/m. The "
    "comparison with the network without batch norm needs its gradient to be g, which it is where "
    f"gamma = sd and beta = mean only. Tolerance {TOLERANCE:.1e}.",
    settings=UNIT,
    kind="exact",
    effect=agreement(TOLERANCE, "gradient"),
    control=departure(TOLERANCE, "gradient"),
    region=HOLDS,
    unit=DECADES,
    substitution=REORDERED,
)
