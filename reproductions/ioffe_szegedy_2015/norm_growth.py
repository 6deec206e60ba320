"""The gradient of weights before a batch norm is at right angles to them, so a step only makes them grow.

Exact; follows from Ioffe & Szegedy 2015, section 3.3. Negative control: momentum, under which steps
are no longer at right angles.
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

TOLERANCE = tolerance(terms=64 + 16, magnified=10)
"""64 samples of 16 inputs; inputs lie up to three standard deviations from zero."""

CLAIM = Claim(
    id="IS15-E8",
    locator="section 3.3, what stabilises the growth of parameters",
    statement="Without eps, decay and momentum <w_k, dl/dw_k> = 0 for every unit k, and a step of plain "
    "descent makes |w_k|^2 larger by eta^2 |dl/dw_k|^2.",
    protocol="Dense layer of 16 units, batch norm, tanh, squared loss, 30 steps at 0.3, float64. Worst "
    "|<w, g>| / (|w| |g|), and error of the growth relative to |w|^2, at all steps. Control: the "
    "same growth for steps with momentum 0.9 (weight of the old direction). Tolerance "
    f"{TOLERANCE:.1e}.",
    settings=SCALE_FREE,
    kind="exact",
    effect=agreement(TOLERANCE, "growth"),
    control=departure(TOLERANCE, "growth"),
    region=HOLDS,
    unit=DECADES,
    substitution=REORDERED,
)
