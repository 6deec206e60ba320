"""Group norm with one group is layer norm, with a group for each channel instance norm.

Exact (Wu & He 2018, section 3.1). Negative control: layer norm of each pixel over channels, another
layer of that name.
"""

from bnref.evidence.claim import Claim
from reproductions.exact import (
    DECADES,
    GROUPS,
    HOLDS,
    REORDERED,
    agreement,
    departure,
    tolerance,
)

TOLERANCE = tolerance(terms=8 * 6 * 6, magnified=10)
"""A sample's 288 values; means lie within ten standard deviations."""

CLAIM = Claim(
    id="WH18-7",
    locator="section 3.1",
    statement="Group norm of one group is layer norm over channels and space with a weight and bias for "
    "each channel, of as many groups as channels instance norm, in outputs and gradients.",
    protocol="8 images of 6x6 in 8 channels, scales over two decades by channel and four by image, means "
    "up to ten standard deviations; float64, eps 1e-5. Against autograd through the plain "
    "formulas; worst error of outputs and gradients relative to the largest of the map, of weight "
    f"and bias to the largest. Tolerance {TOLERANCE:.1e}.",
    settings=GROUPS,
    kind="exact",
    effect=agreement(TOLERANCE, "groups"),
    control=departure(TOLERANCE, "groups"),
    region=HOLDS,
    unit=DECADES,
    substitution=REORDERED,
)
