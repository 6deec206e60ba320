"""One value of a batch moves the outputs of all others, by a projection that loses two directions.

Exact; follows from Ioffe & Szegedy 2015, section 3. Negative control: centring alone, without the
variance's term.
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

TOLERANCE = tolerance(terms=16, magnified=1e3)
"""16 values; a mean up to a thousand standard deviations away magnifies rounding by as much."""

CLAIM = Claim(
    id="IS15-E5",
    locator="section 3, a consequence of the chain rule",
    statement="The Jacobian is d xhat_i / d x_j = (delta_ij - 1/m - xhat_i xhat_j / m) / s. Without eps "
    "this is 1/s times a projection of rank m - 2 whose null vectors are 1 and xhat: outputs do "
    "not see a shift or a scale of the batch.",
    protocol="The whole Jacobian of the layer by autograd, for 16 values in each of 16 channels with "
    "standard deviations from 1e-4 to 1e4, means up to a thousand of them; float64, with eps 1e-5 "
    "and without. Worst error of an entry times s, of P P = P, of the trace m - 2 and of P 1 = P "
    f"xhat = 0. Tolerance {TOLERANCE:.1e}.",
    settings=BACKWARD,
    kind="exact",
    effect=agreement(TOLERANCE, "jacobian"),
    control=departure(TOLERANCE, "jacobian"),
    region=HOLDS,
    unit=DECADES,
    substitution=REORDERED,
)
