"""What a kernel's gradient sums up cancels with batch norm and adds up without (Bjorck et al., table 1).

Pilots on seeds 0-19: 1.19 to 1.40 decades. Part of it is algebra: a batch norm's gradients sum to
zero per channel.
"""

import math

from bnref.evidence.claim import Claim, Rows, Substitution
from bnref.evidence.figure import Dots
from bnref.evidence.verdict import above
from reproductions.deep_nets import AT_START, START_PROTOCOL, three

DEPTHS = ("early", "middle", "late")


def cancels_more(rows: Rows) -> float:
    """log10 of sum |d| / |sum d|, with batch norm over without, mean over three depths."""
    plain, _, full = three(rows)
    ratios = [full[f"cancellation_{depth}"] / plain[f"cancellation_{depth}"] for depth in DEPTHS]
    return sum(map(math.log10, ratios)) / len(ratios)


CLAIM = Claim(
    id="BJ18-10",
    locator="section 3.1, table 1",
    statement="At the start the summands of a kernel's gradient over images and positions cancel at"
    " least ten times more with batch normalisation than without.",
    protocol=START_PROTOCOL
    + "For the first convolution of blocks 10, 28 and 46: mean over the kernel's entries of"
    " sum |d| over that of |sum d|, for the summands d over images and positions; mean of"
    " the three logarithms.",
    settings=AT_START,
    effect=cancels_more,
    region=above(1.0),
    unit="decades",
    unverified=("table 1: sums of magnitudes and magnitudes of sums for the layers 18, 54 and 90",),
    figures=tuple(
        Dots(
            y=f"cancellation_{depth}",
            hue="arm",
            log=True,
            y_label="sum of magnitudes / magnitude of the sum",
            title=f"Cancellation in the gradient of {article} {depth} convolution",
        )
        for depth, article in zip(DEPTHS, ("an", "a", "a"), strict=True)
    ),
    substitution=Substitution(better="higher", margin=0.2),
)
