"""Batch norm on the sums, behind the skip path, takes the identity bias away, and depth fails again.

De & Smith 2020: the card's prediction from section 2, a half of either path per block and so an
effective depth of d/2, as without normalisation. Ten points are the least that counts; pilots gave 51
to 59, and no rate at which the training accuracy passed 31 %.
"""

from bnref.evidence.claim import Claim, Rows
from bnref.evidence.verdict import above
from reproductions.residual import BEST_RATE, TRAINED_PROTOCOL, accuracy, trained
from reproductions.residual_figures import error_dots

FORMS = ("batch_norm", "merged_batch_norm")


def lost(rows: Rows) -> float:
    """Test accuracy with batch norm in the branches less that with it on the sums, 64 blocks."""
    branches, sums = (accuracy(rows.one(form=form)) for form in FORMS)
    return branches - sums


CLAIM = Claim(
    id="DS20-13",
    locator="section 2",
    statement="With 64 blocks batch normalisation of the sums x + f instead of the branches costs "
    "at least ten percentage points of test accuracy.",
    protocol=TRAINED_PROTOCOL + BEST_RATE,
    settings=trained(*FORMS, depths=(64,)),
    effect=lost,
    # Far more than seeds scatter, far less than a network that fails loses.
    region=above(10.0),
    unit="percentage points",
    figures=(error_dots("Batch norm in the branches or on the sums, 64 blocks"),),
)
