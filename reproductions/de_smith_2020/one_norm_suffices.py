"""The stronger reading of DS20-13-final: that one batch norm does what all of them do.

A reviewer's objection to De & Smith 2020. At least half of what batch norm in the branches gains over
none, and a point to spare.
"""

from bnref.evidence.claim import Claim, Expectation, Rows
from bnref.evidence.verdict import above
from reproductions.residual import BEST_RATE, TRAINED_PROTOCOL, accuracy, trained
from reproductions.residual_figures import error_dots

FORMS = ("final_batch_norm", "batch_norm", "skip_init_1")


def beyond_half(rows: Rows) -> float:
    """(one - none) - (all - none) / 2 in test accuracy of 64 blocks, in percentage points."""
    one, every, none = (accuracy(rows.one(form=form)) for form in FORMS)
    return one - none - (every - none) / 2


CLAIM = Claim(
    id="DS20-13-final-accuracy",
    locator="review of the paper, on section 2",
    statement="With 64 blocks a single batch normalisation before the classifier recovers at least"
    " half, and one percentage point, of the test accuracy that batch normalisation in the "
    "branches gains over none.",
    protocol=TRAINED_PROTOCOL + BEST_RATE + " Cells of DS20-4 and DS20-13-final.",
    settings=trained(*FORMS, depths=(64,)),
    effect=beyond_half,
    region=above(1.0),
    unit="percentage points beyond half of the gain",
    figures=(error_dots("Test error with all, one or no batch norm, 64 blocks"),),
    expected={
        scale: Expectation(
            outcome="refuted",
            because="It leaves chance and stays far behind: the paths through the network are as "
            "deep as without normalisation.",
        )
        for scale in ("small", "gpu", "paper")
    },
)
