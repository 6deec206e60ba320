"""Backwards through a network with batch norm gradients grow as a power of depth, not as 2^d.

De & Smith 2020, section 2, "well-behaved gradients". Block k multiplies a squared gradient by
1 + 1/((1 - 1/pi) k), hence the exponent pi/(pi - 1) = 1.47. In pilots 1.42 to 1.43.
"""

import math

from bnref.evidence.claim import Claim, Rows
from bnref.evidence.figure import Band
from bnref.evidence.verdict import within
from reproductions.residual import START_PROTOCOL, at_start, at_start_smoke, logs, slope

EXPONENT = math.pi / (math.pi - 1)
FIRST = 4
"""The law is one of many blocks: before, the input's own variance of 1 still counts."""


def beside_the_law(rows: Rows) -> float:
    """log of the exponent of the squared gradient in l + 1, from block 4 on, over pi/(pi - 1)."""
    series = rows.one(form="batch_norm").series
    depths = [block + 1 for block in series["block"][FIRST:]]
    return math.log(-slope(logs(depths), logs(series["gradient"][FIRST:])) / EXPONENT)


CLAIM = Claim(
    id="DS20-2-gradients",
    locator="section 2",
    statement="With batch normalisation in the branches the squared gradient at block l falls as "
    "(l + 1)^(-pi/(pi - 1)) towards the output: the exponent holds within 7 %.",
    protocol=START_PROTOCOL
    + " Gradient of a random linear function of the last stream; slope over "
    "blocks 4 to 48. The runs of DS20-2.",
    settings={"small": at_start("batch_norm"), "smoke": at_start_smoke("batch_norm")},
    effect=beside_the_law,
    region=within(-0.07, 0.07),
    unit="log ratio, measured over predicted",
    figures=(
        Band(
            series="gradient",
            hue="form",
            x="block",
            log_y=True,
            x_label="block",
            y_label="squared gradient",
            title="The gradient in a residual network with batch norm",
        ),
    ),
)
