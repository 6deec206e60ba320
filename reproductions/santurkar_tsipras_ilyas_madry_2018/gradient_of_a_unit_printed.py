"""Theorem 4.1 as arXiv version 3 prints it, with 1/sqrt(m) in the last term; see SA18-T1.

Exact (Santurkar et al. 2018, theorem 4.1, version 3). Judged only where the corrected form holds on
the same units. Negative control: the corrected form without the mean's term.
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
    id="SA18-T1-printed",
    locator="theorem 4.1, arXiv version 3, and its proof",
    statement="The gradient of every unit keeps to |dL/dy|^2 <= gamma^2/s^2 (|g|^2 - <1, g>^2/m - <g, "
    "yhat>^2/sqrt(m)).",
    protocol="Units y = Xw, 16 samples, scales over four decades, a loss with any gradient and symmetric "
    "Hessian for each of 8 units; gradients by autograd through the layer, float64. Without eps. "
    "By how much the left side is larger, relative to gamma^2/s^2 |g|^2, in the worst unit. "
    f"Tolerance {TOLERANCE:.1e}.",
    settings=UNIT,
    kind="exact",
    effect=as_printed(TOLERANCE, printed="root", corrected="gradient"),
    control=departure(TOLERANCE, "gradient"),
    region=HOLDS,
    unit=DECADES,
    expected=refuted(
        "The squared norm of yhat is m, so the last term is divided by m: with 1/sqrt(m) the bound is "
        "too small whenever <g, yhat> is not zero."
    ),
    substitution=REORDERED,
)
