"""A SkipInit network with alpha 0 is the identity at the start, and only alpha moves at first.

Exact part of DS20-5 (De & Smith 2020, section 3). Negative control: alpha 1 / sqrt(blocks).
"""

from bnref.evidence.claim import Claim, grid
from reproductions.exact import (
    BLOCKS,
    DECADES,
    FEW_BLOCKS,
    HOLDS,
    agreement,
    departure,
    settings,
    tolerance,
)

SKIP_INIT = settings("residual_start", grid(branch=("skip_init",)), BLOCKS, FEW_BLOCKS)

TOLERANCE = tolerance(terms=8 * 8 * 6 * 6)
"""Alpha's gradient sums 2,304 products."""

CLAIM = Claim(
    id="DS20-5-law",
    locator="section 3",
    statement="With alpha = 0 SkipInit's blocks are the identity; at the first step the branches have no "
    "gradient, and each alpha has <dl/dx, branch(x)>.",
    protocol="Four blocks of two 3x3 convolutions without a norm, 8 channels, 8 images of 6x6, float64. "
    "Worst error of the output relative to the input, of a branch's gradient relative to alpha's, "
    f"and of alpha's relative to the magnitudes that it adds up. Tolerance {TOLERANCE:.1e}.",
    settings=SKIP_INIT,
    kind="exact",
    effect=agreement(TOLERANCE, "start"),
    control=departure(TOLERANCE, "start"),
    region=HOLDS,
    unit=DECADES,
)
