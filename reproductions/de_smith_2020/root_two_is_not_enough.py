"""Keeping the variance constant by dividing by sqrt(2) does not make a deep network train well.

De & Smith 2020, section 3. Both arms control the variance, and only one keeps the skip path; five
points, about what the paper finds at 100 layers, are the least that counts.
"""

from bnref.evidence.claim import Claim, Reported, Rows
from bnref.evidence.verdict import above
from reproductions.residual import BEST_RATE, TRAINED_PROTOCOL, accuracy, error_curve, trained

FORMS = ("skip_init_root", "over_root_two")


def lost(rows: Rows) -> float:
    """Test accuracy of SkipInit from 1/sqrt(d) less that with x + f over sqrt(2), 64 blocks."""
    skip_init, divided = (accuracy(rows, form, 64) for form in FORMS)
    return skip_init - divided


CLAIM = Claim(
    id="DS20-6",
    locator="section 3, table of version 1",
    statement="With 64 blocks whose sums are divided by sqrt(2) a residual network loses at least "
    "five percentage points of test accuracy against SkipInit from 1/sqrt(d), which controls "
    "the variance too.",
    protocol=TRAINED_PROTOCOL + BEST_RATE,
    settings=trained(*FORMS, depths=(64,)),
    effect=lost,
    region=above(5.0),
    unit="percentage points",
    reported=(
        Reported(
            metric="test accuracy of SkipInit from 1/sqrt(d), 100 layers (%)",
            value=94.2,
            source="table of version 1, CIFAR-10",
        ),
        Reported(
            metric="test accuracy, divided by sqrt(2), 100 layers (%)",
            value=88.9,
            source="table of version 1, CIFAR-10",
        ),
    ),
    figures=(error_curve("Test error of two ways to control the variance, 64 blocks"),),
)
