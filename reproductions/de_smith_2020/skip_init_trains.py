"""A scalar per branch that starts at 0 or 1/sqrt(d) lets every depth train without normalisation.

De & Smith 2020, section 3: SkipInit, against the same scalar started at 1.
"""

from bnref.evidence.claim import Claim, Rows
from bnref.evidence.verdict import above
from reproductions.residual import TRAINED_PROTOCOL, TRAINING, trained, trains
from reproductions.residual_figures import errors_by_depth

FORMS = ("skip_init_0", "skip_init_root", "skip_init_1")


def small_start_helps(rows: Rows) -> float:
    """1 where alpha = 0 and 1/sqrt(d) train all depths and alpha = 1 does not, -1 the other way."""
    zero, root, one = (float(all(trains(row) for row in rows.where(form=form))) for form in FORMS)
    return min(zero, root) - one


CLAIM = Claim(
    id="DS20-5",
    headline="SkipInit does without it",
    locator="section 3, table of version 1",
    statement="SkipInit trains residual networks of 4, 16 and 64 blocks from alpha = 0 and from "
    "1/sqrt(d), and not all of them from alpha = 1, in most seeds.",
    protocol=TRAINED_PROTOCOL + TRAINING,
    settings=trained(*FORMS, thousand_layers=True),
    effect=small_start_helps,
    region=above(0.5),
    unit="seeds in which all depths train, least of both starts less alpha = 1",
    figures=(errors_by_depth("Test error of SkipInit from three starts", *FORMS),),
)
