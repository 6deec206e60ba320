"""Which of two things that batch norm brings lets 64 blocks train: near-identity blocks or a free scale.

De & Smith 2020, section 2, and a reviewer's objection: with batch norm a network is invariant to the
scale of its stream, too. The 2 x 2 factorial of the card. The effect of small branches less that of
scale invariance, each averaged over the other, is SkipInit less one batch norm before the classifier.
Ten points are the least that counts, as in DS20-13. In pilots on seeds 55 to 57 29 to 44.
"""

from bnref.evidence.claim import Claim, Rows
from bnref.evidence.verdict import above
from reproductions.residual import BEST_RATE, TRAINED_PROTOCOL, accuracy, trained
from reproductions.residual_figures import error_dots

FORMS = ("batch_norm", "skip_init_0", "final_batch_norm", "skip_init_1")
"""Both, small branches alone, scale invariance alone, neither."""


def more_by_small_branches(rows: Rows) -> float:
    """Effect of small branches less that of scale invariance on test accuracy, percentage points."""
    both, branches, scale, neither = (accuracy(rows.one(form=form)) for form in FORMS)
    by_branches = (both + branches - scale - neither) / 2
    by_scale = (both + scale - branches - neither) / 2
    return by_branches - by_scale


CLAIM = Claim(
    id="DS20-13-factorial",
    locator="section 2, and review of the paper",
    statement="In the factorial of small branches and scale invariance at 64 blocks, small branches gain "
    "at least ten percentage points more test accuracy than scale invariance.",
    protocol=TRAINED_PROTOCOL
    + " Both: batch norm in the branches. Small branches alone: SkipInit from 0. Scale invariance "
    "alone: one batch norm before the classifier. Neither: alpha = 1."
    + BEST_RATE
    + " Cells of DS20-4, DS20-5 and DS20-13-final.",
    settings=trained(*FORMS, depths=(64,)),
    effect=more_by_small_branches,
    region=above(10.0),
    unit="percentage points",
    figures=(error_dots("Small branches, scale invariance, both or neither, 64 blocks"),),
)
