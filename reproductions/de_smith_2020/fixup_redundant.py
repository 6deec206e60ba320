"""The parts of Fixup's initialisation are redundant: each alone recovers most of what both gain.

De & Smith 2020 on Fixup, the 2 x 2 factorial of the card; three quarters, and a point to spare, are
the least that counts as most. In pilots on seeds 50 to 55 it was 4 to 13 points more.
"""

from bnref.evidence.claim import Claim, Rows
from bnref.evidence.verdict import above
from reproductions.residual import BEST_RATE, FIXUP_PROTOCOL, accuracy, fixup
from reproductions.residual_figures import error_dots

PARTS = ("neither", "zero", "rescaled", "both")


def beyond_three_quarters(rows: Rows) -> float:
    """(weaker part - neither) - 3/4 (both - neither) in test accuracy, in percentage points."""
    neither, zero, rescaled, both = (accuracy(rows.one(part=part)) for part in PARTS)
    return min(zero, rescaled) - neither - 0.75 * (both - neither)


CLAIM = Claim(
    id="DS20-9-redundant",
    locator="section on Fixup",
    statement="Without normalisation, 32 blocks of two layers, either part of Fixup's initialisation alone "
    "recovers at least three quarters, and one percentage point, of the test accuracy that both "
    "parts together gain over neither.",
    protocol=FIXUP_PROTOCOL + BEST_RATE + " Cells of DS20-9.",
    settings=fixup(*PARTS),
    effect=beyond_three_quarters,
    region=above(1.0),
    unit="percentage points beyond three quarters of the gain",
    figures=(error_dots("Test error with parts of Fixup's initialisation", hue="part"),),
)
