"""Backwards through a network with batch norm gradients grow as a power of depth, not as 2^d.

De & Smith 2020, section 2, "well-behaved gradients". Block k multiplies a squared gradient by
1 + 1/((1 - 1/pi)^m k) for m layers, hence the exponent (pi/(pi - 1))^m = 1.47^m. In pilots 1.42 to 1.43.
"""

import math

from bnref.evidence.claim import Claim, Expectation, Rows
from bnref.evidence.figure import Band, Overlay
from bnref.evidence.verdict import within
from reproductions.residual_start import START_PROTOCOL, at_start, first_stage, logs, slope

EXPONENT = math.pi / (math.pi - 1)
FIRST = 4
"""The law is one of many blocks: before, the input's own variance of 1 still counts."""


def beside_the_law(rows: Rows) -> float:
    """log of the exponent of the squared gradient in l + 1, from block 4 on, over the law's."""
    row = rows.one(form="batch_norm")
    blocks, gradients = (
        row.series[name][: first_stage(row).stop] for name in ("block", "gradient")
    )
    depths = [block + 1 for block in blocks[FIRST:]]
    layers = 2 if "first_stage" in row.metrics else 1
    return math.log(-slope(logs(depths), logs(gradients[FIRST:])) / EXPONENT**layers)


CLAIM = Claim(
    id="DS20-2-gradients",
    locator="section 2",
    statement="With batch normalisation in the branches the squared gradient at block l falls as "
    "(l + 1)^(-e) towards the output, e = (pi/(pi - 1))^m for m layers in a branch: the exponent "
    "holds within 7 %.",
    protocol=START_PROTOCOL
    + " Gradient of a random linear function of the last stream; slope over "
    "blocks 4 to 48. The runs of DS20-2.",
    settings=at_start("batch_norm"),
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
            overlay=(
                Overlay(
                    points={block: (49 / (block + 1)) ** EXPONENT for block in range(FIRST, 49, 4)},
                    source="(49 / (l + 1))^(pi/(pi - 1))",
                    line="batch_norm",
                ),
            ),
        ),
    ),
    expected={
        "gpu": Expectation(
            outcome="inconclusive",
            because="In pilots on photographs the exponent was 5 to 8 % too large: a stage of 16 "
            "blocks is short for a law of many.",
            depends_on_scale=True,
        )
    },
)
