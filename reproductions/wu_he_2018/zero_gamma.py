"""Blocks whose last gamma starts at zero are the identity, and only that layer moves at first.

Exact part of WH18-10 (Wu & He 2018, section 4.1; the recipe is Goyal et al.'s). Negative control:
gamma 1.
"""

from bnref.evidence.claim import Claim, grid
from reproductions.exact import (
    BLOCKS,
    DECADES,
    FEW_BLOCKS,
    HOLDS,
    REORDERED,
    agreement,
    departure,
    settings,
    tolerance,
)

ZERO_GAMMA = settings(
    "residual_start", grid(norm=("batch_norm",)), {**BLOCKS, "branch": "normalised"}, FEW_BLOCKS
)

TOLERANCE = tolerance(terms=8 * 9)
"""A convolution sums 72 products; all of them are multiplied by zero."""

CLAIM = Claim(
    id="WH18-10-law",
    locator="section 4.1, implementation",
    statement="With weight and bias 0 in the last norm of every branch a residual network is the identity "
    "between stem and head, and no parameter of a branch but these has a gradient at the first "
    "step.",
    protocol="Four blocks of two 3x3 convolutions with a norm after each, 8 channels, 8 images of 6x6, no "
    "ReLU after the sum, float64. Worst error of the output relative to the input, and of a "
    f"gradient relative to that of the last norm. Tolerance {TOLERANCE:.1e}.",
    settings=ZERO_GAMMA,
    kind="exact",
    effect=agreement(TOLERANCE, "start"),
    control=departure(TOLERANCE, "start"),
    region=HOLDS,
    unit=DECADES,
    substitution=REORDERED,
)
