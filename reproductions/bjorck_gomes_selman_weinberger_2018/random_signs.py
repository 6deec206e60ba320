"""With batch norm the summands of a kernel's gradient cancel nearly as if their signs were random.

A reading of Bjorck et al. 2018, table 1. Pilots on seeds 0-19: -1.4 to -0.8 doublings, median -1.2.
"""

import math

from bnref.evidence.claim import Claim, Rows, Substitution
from bnref.evidence.figure import Dots
from bnref.evidence.verdict import within
from reproductions.bjorck_gomes_selman_weinberger_2018.cancellation import DEPTHS
from reproductions.deep_nets import AT_START, START_PROTOCOL, three


def beyond_chance(rows: Rows) -> float:
    """log2 of (sum |d| / |sum d|) / sqrt(number of d), with batch norm, mean over three depths."""
    _, _, full = three(rows)
    ratios = [full[f"cancellation_{d}"] / math.sqrt(full[f"summands_{d}"]) for d in DEPTHS]
    return sum(map(math.log2, ratios)) / len(ratios)


CLAIM = Claim(
    id="BJ18-10-signs",
    locator="section 3.1, table 1",
    statement="With batch normalisation the summands of a kernel's gradient cancel at the start to "
    "within a factor of three as much as with random signs.",
    protocol=START_PROTOCOL
    + "For the first convolution of blocks 10, 28 and 46: mean over the kernel's entries of"
    " sum |d| over that of |sum d|, for the summands d over images and positions; mean of"
    " the three logarithms. Random signs give about the root of their number.",
    settings=AT_START,
    effect=beyond_chance,
    region=within(-1.585, 1.585),
    unit="log2 ratio to the root of the number",
    figures=(
        Dots(
            y="cancellation_middle",
            hue="arm",
            log=True,
            y_label="sum of magnitudes / magnitude of the sum",
            title="Cancellation in the gradient of a middle convolution",
        ),
    ),
    substitution=Substitution(better="higher", margin=0.5),
)
