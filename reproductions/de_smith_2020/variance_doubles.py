"""Without normalisation the mean square of a residual stream doubles at every block.

De & Smith 2020, section 2. The exact law in expectation is DS20-1-law; this is one draw of ReLU
networks. In pilots the slope was 0.99 to 1.01.
"""

import math

from bnref.evidence.claim import Claim, Expectation, Rows
from bnref.evidence.figure import Band, Overlay
from bnref.evidence.verdict import within
from reproductions.residual_start import START_PROTOCOL, at_start, slope

FEW_CHANNELS = (
    "A stage of a Wide-ResNet has few channels, whose typical growth lies below the mean growth, and "
    "zeros around its maps: pilots on photographs gave "
)


def excess(rows: Rows) -> float:
    """Slope of log2 E[x_l^2] on l, less the predicted 1."""
    series = rows.one(form="plain").series
    return slope(series["block"], [math.log2(moment) for moment in series["second_moment"]]) - 1


CLAIM = Claim(
    id="DS20-1",
    locator="section 2",
    statement="In a residual network without normalisation the mean square of the stream grows by a "
    "factor of two per block: the slope of its log2 is 1, within 0.03.",
    protocol=START_PROTOCOL + " Slope over all 49 points.",
    settings=at_start("plain"),
    effect=excess,
    region=within(-0.03, 0.03),
    unit="doublings per block, beside 1",
    figures=(
        Band(
            series="second_moment",
            hue="form",
            x="block",
            log_y=True,
            x_label="block",
            y_label="mean square of the stream",
            title="The stream of an unnormalised residual network",
            overlay=(
                Overlay(
                    points={float(block): 2.0**block for block in range(0, 49, 8)},
                    source="2^l",
                    line="plain",
                ),
            ),
        ),
    ),
    expected={
        "gpu": Expectation(
            outcome="inconclusive",
            because=FEW_CHANNELS + "slopes of 0.84 to 0.99 at 100 layers.",
            depends_on_scale=True,
        ),
        "paper": Expectation(
            outcome="refuted",
            because=FEW_CHANNELS + "slopes of 0.88 and 0.92 at 1000 layers.",
            depends_on_scale=True,
        ),
    },
)
