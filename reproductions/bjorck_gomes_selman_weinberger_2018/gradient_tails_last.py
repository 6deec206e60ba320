"""The tails stay heavy where only the features before the classifier are normalised.

Scale and tails come apart: BJ18-5-last heals the first. Pilots on seeds 0-19: 0.2 to 2.2 doublings,
19 of 20 above 0.5.
"""

import math

from bnref.evidence.claim import Claim, Rows, Substitution
from bnref.evidence.figure import Histogram
from bnref.evidence.verdict import above
from reproductions.deep_nets import AT_START, START_PROTOCOL, three


def heavier(rows: Rows) -> float:
    """log2 of q_.999 / q_.5 of the sizes, with the last normaliser only over with all."""
    _, last, full = three(rows)
    return math.log2(last["tail"] / full["tail"])


CLAIM = Claim(
    id="BJ18-5-tails-last",
    locator="section 3, figure 2, with a control that the paper does not have",
    statement="Where only the features before the classifier are normalised, the gradients of a "
    "middle layer keep heavier tails than with batch normalisation everywhere.",
    protocol=START_PROTOCOL
    + "Tail: the 99.9th percentile over the median of the size of the entries of the "
    "gradient of the first convolution of the middle block; a Gaussian has 4.9. Heavier: "
    "at least 1.4 times.",
    settings=AT_START,
    effect=heavier,
    region=above(0.5),
    unit="log2 ratio of tails",
    figures=(
        Histogram(
            series="gradient",
            hue="arm",
            tail=True,
            x_label="|gradient| of a weight of the middle block",
            title="Tails of the gradients of a middle convolution",
        ),
    ),
    substitution=Substitution(better="higher", margin=0.5),
)
