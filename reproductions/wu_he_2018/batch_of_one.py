"""Batch norm trained on one image at a time is instance norm.

Exact part of WH18-9 (Wu & He 2018, section 4.1). Negative control: on two images.
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

TOLERANCE = tolerance(terms=6 * 6, magnified=10)
"""A map's 36 values; means lie within ten standard deviations."""

CLAIM = Claim(
    id="WH18-9-law",
    locator="section 4.1, small batches",
    statement="In training on one image batch norm is instance norm with the same weight and bias, in "
    "outputs and gradients.",
    protocol="One image of 6x6 in 8 channels, means up to ten standard deviations; float64, eps 1e-5. "
    "Against autograd through the plain formula; worst error of outputs and gradients relative to "
    "the largest of the map, of weight and bias to the largest. In evaluation they differ: batch "
    f"norm has running statistics. Tolerance {TOLERANCE:.1e}.",
    settings=GROUPS,
    kind="exact",
    effect=agreement(TOLERANCE, "single"),
    control=departure(TOLERANCE, "single"),
    region=HOLDS,
    unit=DECADES,
    substitution=REORDERED,
)
