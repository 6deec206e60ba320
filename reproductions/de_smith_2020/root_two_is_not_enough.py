"""Keeping the variance constant by dividing by sqrt(2) does not make a deep network train well.

De & Smith 2020, section 3. Both arms control the variance, and only one keeps the skip path; five
points, about what the paper finds at 100 layers, are the least that counts.
"""

from bnref.evidence.claim import Claim, Rows
from bnref.evidence.verdict import above
from reproductions.residual import BEST_RATE, TRAINED_PROTOCOL, accuracy, trained
from reproductions.residual_figures import error_dots, printed

FORMS = ("skip_init_root", "over_root_two")


def lost(rows: Rows) -> float:
    """Test accuracy of SkipInit from 1/sqrt(d) less that with x + f over sqrt(2), 64 blocks."""
    skip_init, divided = (accuracy(rows.one(form=form)) for form in FORMS)
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
        printed("SkipInit from 1/sqrt(d)", "skip_init_root"),
        printed("sums divided by sqrt(2)", "over_root_two"),
    ),
    figures=(error_dots("Two ways to control the variance, 64 blocks", *FORMS),),
)
