"""The summands of the gradients cancel as soon as the features before the classifier are normalised.

The control that BJ18-10 lacks. Pilots on seeds 0-19: 1.07 to 1.39 decades.
"""

import math

from bnref.evidence.claim import Claim, Rows, Substitution
from bnref.evidence.figure import Dots
from bnref.evidence.verdict import above
from reproductions.bjorck_gomes_selman_weinberger_2018.cancellation import DEPTHS
from reproductions.deep_nets import AT_START, START_PROTOCOL, three


def cancels_more(rows: Rows) -> float:
    """log10 of sum |d| / |sum d|, with the last layer normalised over without, mean over depths."""
    plain, last, _ = three(rows)
    ratios = [last[f"cancellation_{depth}"] / plain[f"cancellation_{depth}"] for depth in DEPTHS]
    return sum(map(math.log10, ratios)) / len(ratios)


CLAIM = Claim(
    id="BJ18-10-last",
    locator="section 3.1, table 1, with a control that the paper does not have",
    statement="Normalising nothing but the features before the classifier makes the summands of a "
    "kernel's gradient cancel at least ten times more at the start.",
    protocol=START_PROTOCOL
    + "For the first convolution of blocks 10, 28 and 46: mean over the kernel's entries of"
    " sum |d| over that of |sum d|, for the summands d over images and positions; mean of"
    " the three logarithms.",
    settings=AT_START,
    effect=cancels_more,
    region=above(1.0),
    unit="decades",
    figures=(
        Dots(
            y="cancellation_middle",
            hue="arm",
            log=True,
            y_label="sum of magnitudes / magnitude of the sum",
            title="Cancellation in the gradient of a middle convolution",
        ),
    ),
    substitution=Substitution(better="higher", margin=0.2),
)
