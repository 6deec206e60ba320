"""Section 3.3 for a scalar a without a condition on its sign; see IS15-7 and IS15-E6.

Exact. Judged only where the signed form holds on the same inputs. Negative control: eps as it was
for the scaled input.
"""

from bnref.evidence.claim import Claim
from reproductions.exact import (
    DECADES,
    FORWARD,
    HOLDS,
    REORDERED,
    as_printed,
    departure,
    refuted,
    tolerance,
)

TOLERANCE = tolerance(terms=32 * 4 * 4, magnified=1e3)
"""A channel's 512 values; a mean up to a thousand standard deviations away magnifies rounding by as
much."""

CLAIM = Claim(
    id="IS15-7-printed",
    locator="section 3.3, for a scalar a",
    statement="Without eps BN((aW)u) = BN(Wu) for any scalar a other than 0.",
    protocol="Pre-activations of 32 images of 4x4 in 16 channels with standard deviations from 1e-4 to "
    "1e4, a between 0.001 and 1000 of either sign for each channel; float64. Worst error, in "
    f"standard deviations. Control: with eps 1e-5 in both. Tolerance {TOLERANCE:.1e}.",
    settings=FORWARD,
    kind="exact",
    effect=as_printed(TOLERANCE, printed="any_scalar", corrected="scaled"),
    control=departure(TOLERANCE, "scaled"),
    region=HOLDS,
    unit=DECADES,
    expected=refuted(
        "A negative a turns the sign of the normalised values over: the invariance needs a > 0, which "
        "the paper does not say."
    ),
    substitution=REORDERED,
)
