"""A path through a network with batch norm crosses about log d of its d branches.

De & Smith 2020, section 2 and the title of version 1, "towards shallow paths". Weighing paths by what
they add to the mean square gives 1/2 + 1/3 + .. + 1/(d + 1). In pilots 3.47 to 3.49 for 48 blocks.
A Wide-ResNet makes the stream anew in each of its three stages, and has the sum of each.
"""

import math

from bnref.evidence.claim import Claim, Rows
from bnref.evidence.figure import Dots, Overlay
from bnref.evidence.verdict import within
from reproductions.residual_start import START_PROTOCOL, at_start


def beside_the_law(rows: Rows) -> float:
    """log of the effective depth over the predicted harmonic sum."""
    row = rows.one(form="batch_norm")
    blocks = len(row.series["branch"])
    stage = int(row.metrics.get("first_stage", blocks))
    predicted = blocks / stage * sum(1 / (block + 2) for block in range(stage))
    return math.log(row["effective_depth"] / predicted)


CLAIM = Claim(
    id="DS20-3",
    locator="section 2",
    statement="In a residual network with batch normalisation the effective depth, the mean number of "
    "branches on a path weighed by its mean square, is 1/2 + 1/3 + .. + 1/(d + 1), within 5 %.",
    protocol=START_PROTOCOL + " Sum over blocks of |f_l|^2 / |x_(l+1)|^2. The runs of DS20-2.",
    settings=at_start("batch_norm"),
    effect=beside_the_law,
    region=within(-0.05, 0.05),
    unit="log ratio, measured over predicted",
    figures=(
        Dots(
            y="effective_depth",
            hue="form",
            y_label="branches on a path, by mean square",
            title="Effective depth of 48 blocks with batch norm",
            overlay=(
                Overlay(
                    points={"batch_norm": sum(1 / (block + 2) for block in range(48))},
                    source="1/2 + 1/3 + .. + 1/49",
                ),
            ),
        ),
    ),
)
