"""Gradients at the start are larger without batch norm (Bjorck et al. 2018, section 3, figure 2).

Pilots on seeds 0-19: 1.9 to 2.8 decades, median 2.1; a factor of ten is the least that "larger
scale" can mean.
"""

import math

from bnref.evidence.claim import Claim, Reported, Rows, Substitution
from bnref.evidence.figure import Histogram
from bnref.evidence.verdict import above
from reproductions.deep_nets import AT_START, START_PROTOCOL, three


def larger(rows: Rows) -> float:
    """log10 of the median size of the gradients, without batch norm over with it."""
    plain, _, full = three(rows)
    return math.log10(plain["gradient_median"] / full["gradient_median"])


CLAIM = Claim(
    id="BJ18-5",
    locator="section 3, figure 2",
    statement="At the start the gradients of a middle layer of a deep residual network are at least"
    " ten times larger without batch normalisation than with it.",
    protocol=START_PROTOCOL
    + "Median size of the entries of the gradient of the first convolution of the middle "
    "block.",
    settings=AT_START,
    effect=larger,
    region=above(1.0),
    unit="decades",
    reported=(
        Reported(
            metric="log10 of the ratio of the largest gradients",
            value=2.0,
            source="read off figure 2: tails to 4 without and to 0.04 with batch norm",
            unit="decades",
        ),
    ),
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
