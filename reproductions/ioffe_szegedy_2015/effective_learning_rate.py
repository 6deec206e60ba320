"""Larger initial weights before a batch norm are a smaller learning rate, and nothing else.

Exact part of IS15-8 (Ioffe & Szegedy 2015, section 3.3). Negative control: the rate scaled by k in
the place of k^2.
"""

from bnref.evidence.claim import Claim
from reproductions.exact import (
    DECADES,
    HOLDS,
    REORDERED,
    SCALE_FREE,
    agreement,
    departure,
    tolerance,
)

TOLERANCE = tolerance(terms=(64 + 16) * 30, magnified=10)
"""64 samples of 16 inputs up to three standard deviations from zero, and what 30 steps add up."""

CLAIM = Claim(
    id="IS15-8-law",
    locator="abstract, section 3.3",
    statement="Without eps, decay and momentum training from k W_0 at the rate k^2 eta has the losses of "
    "training from W_0 at eta, step by step, and k times its weights.",
    protocol="Dense layer of 16 units, batch norm, tanh, squared loss, 30 steps at 0.3 from k = 0.01, 7 "
    "and 100 times the same weights, float64. Worst relative error of all losses and, relative to "
    "the norm of the unit's, of all weights. Control: the losses at k eta. Tolerance "
    f"{TOLERANCE:.1e}.",
    settings=SCALE_FREE,
    kind="exact",
    effect=agreement(TOLERANCE, "speed"),
    control=departure(TOLERANCE, "speed"),
    region=HOLDS,
    unit=DECADES,
    substitution=REORDERED,
)
