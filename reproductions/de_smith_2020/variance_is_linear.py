"""With batch norm in the branches a unit's variance grows by a constant per block.

De & Smith 2020, section 2. For ReLU branches that constant is 1 - 1/pi = 0.68, the variance of a
ReLU's output over its mean square. In pilots 0.68 to 0.70.
"""

import math

from bnref.evidence.claim import Claim, Rows
from bnref.evidence.figure import Band, Overlay
from bnref.evidence.verdict import within
from reproductions.residual_start import START_PROTOCOL, at_start, first_stage, slope

RATE = 1 - 1 / math.pi


def beside_the_law(rows: Rows) -> float:
    """log of the slope of the batch variance on l over 1 - 1/pi."""
    row = rows.one(form="batch_norm")
    blocks, variances = (row.series[name][first_stage(row)] for name in ("block", "batch_variance"))
    return math.log(slope(blocks, variances) / RATE)


CLAIM = Claim(
    id="DS20-2",
    locator="section 2",
    statement="With batch normalisation in the branches of a ReLU residual network the variance of a "
    "unit over the batch grows linearly, by 1 - 1/pi per block, within 5 %.",
    protocol=START_PROTOCOL + " Least-squares slope over all 49 points.",
    settings=at_start("batch_norm"),
    effect=beside_the_law,
    region=within(-0.05, 0.05),
    unit="log ratio, measured over predicted",
    figures=(
        Band(
            series="batch_variance",
            hue="form",
            x="block",
            x_label="block",
            y_label="variance of a unit over the batch",
            title="The batch variance of a residual network with batch norm",
            overlay=(
                Overlay(
                    points={float(block): 1 + RATE * block for block in range(0, 49, 8)},
                    source="1 + (1 - 1/pi) l",
                    line="batch_norm",
                ),
            ),
        ),
    ),
)
