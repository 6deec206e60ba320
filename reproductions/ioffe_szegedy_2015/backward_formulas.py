"""The six lines of the paper are the gradient of batch norm, and so is their short form.

Exact (Ioffe & Szegedy 2015, section 3). Negative control: the gradient with the statistics taken
for constants.
"""

from bnref.evidence.claim import Claim
from reproductions.exact import (
    BACKWARD,
    DECADES,
    HOLDS,
    REORDERED,
    agreement,
    departure,
    tolerance,
)

TOLERANCE = tolerance(terms=64, magnified=1e3)
"""A channel's 64 values; a mean up to a thousand standard deviations away magnifies rounding by as
much."""

CLAIM = Claim(
    id="IS15-3",
    locator="section 3, the chain rule after algorithm 1",
    statement="The paper's six lines give the gradients of batch norm for x, gamma and beta; dropping the "
    "mean's second term, which is zero, changes nothing; and dx = gamma/s (g - mean g - xhat "
    "mean(g xhat)) with s = sqrt(var + eps).",
    protocol="64 values in each of 16 channels with standard deviations from 1e-4 to 1e4, means up to a "
    "thousand of them, gradients over four decades; float64, eps 1e-5. The layer's gradients "
    "against the lines and the short form; worst error relative to the channel's largest gamma g "
    f"/ s, for gamma and beta to the sum of magnitudes. Tolerance {TOLERANCE:.1e}.",
    settings=BACKWARD,
    kind="exact",
    effect=agreement(TOLERANCE, "chain"),
    control=departure(TOLERANCE, "chain"),
    region=HOLDS,
    unit=DECADES,
    substitution=REORDERED,
)
