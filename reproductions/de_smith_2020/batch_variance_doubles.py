"""The doubling law read as one of the variance that batch norm sees, which ReLU breaks.

De & Smith 2020, section 2. The card's refinement: the mean of a unit over inputs takes over, so its
variance over the batch falls behind 2^l. In pilots by factors of 10 to 16 at block 48.
"""

import math

from bnref.evidence.claim import Claim, Expectation, Rows
from bnref.evidence.figure import Band, Overlay
from bnref.evidence.verdict import within
from reproductions.residual_start import START_PROTOCOL, at_start


def doublings_missed(rows: Rows) -> float:
    """log2 of the growth of the batch variance from input to last block, less the blocks."""
    series = rows.one(form="plain").series
    variance = series["batch_variance"]
    return math.log2(variance[-1] / variance[0]) - series["block"][-1]


CLAIM = Claim(
    id="DS20-1-variance",
    locator="section 2",
    statement="In a ReLU residual network without normalisation the variance of a unit over the "
    "batch is 2^l after block l: at block 48 it is so within a factor of two.",
    protocol=START_PROTOCOL + " The runs of DS20-1.",
    settings=at_start("plain"),
    effect=doublings_missed,
    region=within(-1.0, 1.0),
    unit="log2, measured over 2^48",
    figures=(
        Band(
            series="batch_variance",
            hue="form",
            x="block",
            log_y=True,
            x_label="block",
            y_label="variance of a unit over the batch",
            title="The batch variance of an unnormalised residual network",
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
        scale: Expectation(
            outcome="refuted",
            because="It is the mean square that doubles. ReLU makes streams of different inputs "
            "alike, so ever less of the mean square is variance over the batch.",
        )
        for scale in ("small", "gpu", "paper")
    },
)
