"""In a pre-activation network activations grow with batch norm, too (Bjorck et al. 2018, figure 5, read on).

Figure 5 is of a post-activation network. Here the sum is never normalised, and its variance grows by
one with each block. Pilots on seeds 50-52: a factor of 4.5.
"""

import math
from dataclasses import replace

from bnref.evidence.claim import Claim, Rows
from bnref.evidence.figure import Band
from bnref.evidence.verdict import above
from reproductions.residual_start import START_PROTOCOL, at_start

AT_START = at_start("batch_norm")
WIDE = AT_START["small"]


def grows(rows: Rows) -> float:
    """ln of the standard deviation behind the last block over that behind the first."""
    (row,) = rows
    first, last = (row.series["batch_variance"][block] for block in (1, -1))
    return math.log(last / first) / 2


CLAIM = Claim(
    id="BJ18-8-pre",
    locator="section 3.1, figure 5, with a network that the paper does not have",
    statement="In a pre-activation residual network with batch normalisation the standard deviation of what "
    "leaves a block is at the start at least three times as large behind the last block as behind the first.",
    protocol=START_PROTOCOL
    + " Batch norm before every ReLU. Standard deviation over the batch, the root of the mean variance of "
    "the units.",
    settings={
        "small": WIDE,
        "smoke": AT_START["smoke"].shrunk(depth=16),
        "gpu": replace(WIDE, fixed={**WIDE.fixed, "width": 512}),
        "paper": replace(WIDE, fixed={**WIDE.fixed, "width": 512, "depth": 54}),
    },
    effect=grows,
    region=above(math.log(3)),
    unit="ln of the ratio",
    figures=(
        Band(
            series="batch_variance",
            hue="form",
            x="block",
            log_y=True,
            x_label="block",
            y_label="variance over the batch, mean over units",
            title="Variance of what leaves each block, pre-activation with batch norm",
        ),
    ),
)
