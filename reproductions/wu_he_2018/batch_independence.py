"""Group, layer and instance norm treat every image as if it were alone.

Exact (Wu & He 2018, section 3). Negative control: batch norm. How an image enters batch norm's
other outputs is IS15-E5.
"""

from bnref.evidence.claim import Claim, grid
from reproductions.exact import (
    DECADES,
    HOLDS,
    agreement,
    departure,
    settings,
    tolerance,
)

ALONE = settings(
    "batch_independence",
    grid(other=("group_norm", "layer_norm", "instance_norm")),
    {"channels": 8, "batch_size": 8, "size": 6},
    {"batch_size": 2, "size": 3},
)

TOLERANCE = tolerance(terms=8 * 6 * 6)
"""A sample's 288 values, in whatever order."""

CLAIM = Claim(
    id="WH18-8",
    locator="section 3",
    statement="The output of group, layer and instance norm for an image passes no gradient to the other "
    "images, is the same alone as in any batch, and the same in training as in evaluation.",
    protocol="8 images of 6x6 in 8 channels, means up to ten standard deviations, float64. The gradient to "
    "the other images relative to that to the image itself, and the largest difference of outputs "
    "relative to the largest. Control: the least of these for batch norm. Tolerance "
    f"{TOLERANCE:.1e}.",
    settings=ALONE,
    kind="exact",
    effect=agreement(TOLERANCE, "apart"),
    control=departure(TOLERANCE, "apart"),
    region=HOLDS,
    unit=DECADES,
)
