"""Dividing by sqrt(2) keeps the mean square and still loses the inputs: their streams become alike.

De & Smith 2020, section 3: controlling the variance is not enough. The card's mediator; SkipInit with
1/sqrt(d) controls it too. A factor of four is the least that counts; pilots gave 13 to 20.
"""

import math

from bnref.evidence.claim import Claim, Rows
from bnref.evidence.figure import Band
from bnref.evidence.verdict import above
from reproductions.residual_start import START_PROTOCOL, at_start

FORMS = ("over_root_two", "skip_init_root")


def more_alike(rows: Rows) -> float:
    """log2 of 1 - cosine of two inputs' last streams, SkipInit over division by sqrt(2)."""
    divided, skip_init = (1 - rows.one(form=form)["final_cosine"] for form in FORMS)
    return math.log2(skip_init / divided)


CLAIM = Claim(
    id="DS20-6-collapse",
    locator="section 3",
    statement="After 48 blocks whose sums are divided by sqrt(2) two inputs are at least four times "
    "closer in direction (1 - cosine) than after 48 blocks with SkipInit's 1/sqrt(d).",
    protocol=START_PROTOCOL + " Cosine of the streams of two inputs, mean over pairs and networks.",
    settings=at_start(*FORMS),
    effect=more_alike,
    region=above(2.0),
    unit="log2 ratio of 1 - cosine",
    figures=(
        Band(
            series="cosine",
            hue="form",
            x="block",
            x_label="block",
            y_label="cosine of two inputs' streams",
            title="How alike the streams of two inputs become",
        ),
    ),
)
