"""Normalising the features before the classifier is enough for small gradients at the start.

The control that BJ18-5 lacks: scale without hidden batch norms. Pilots on seeds 0-19: 2.4 to 3.7
decades.
"""

import math

from bnref.evidence.claim import Claim, Rows, Substitution
from bnref.evidence.figure import Histogram
from bnref.evidence.verdict import above
from reproductions.deep_nets import AT_START, START_PROTOCOL, three


def larger(rows: Rows) -> float:
    """log10 of the median size of the gradients, without a normaliser over with the last one only."""
    plain, last, _ = three(rows)
    return math.log10(plain["gradient_median"] / last["gradient_median"])


CLAIM = Claim(
    id="BJ18-5-last",
    locator="section 3, figure 2, with a control that the paper does not have",
    statement="Normalising nothing but the features before the classifier makes the gradients of a "
    "middle layer at the start at least ten times smaller.",
    protocol=START_PROTOCOL
    + "Median size of the entries of the gradient of the first convolution of the middle "
    "block.",
    settings=AT_START,
    effect=larger,
    region=above(1.0),
    unit="decades",
    figures=(
        Histogram(
            series="gradient",
            hue="arm",
            x_label="gradient of a weight of the middle block",
            title="Gradients of a middle convolution at the start",
        ),
    ),
    substitution=Substitution(better="higher", margin=0.5),
)
