"""For feature maps the batch is all pixels of all images: the normalisation moves with the image.

Exact (Ioffe & Szegedy 2015, section 3.2). Negative control: statistics of its own for every
activation.
"""

from bnref.evidence.claim import Claim
from reproductions.exact import (
    DECADES,
    FORWARD,
    HOLDS,
    REORDERED,
    agreement,
    departure,
    tolerance,
)

TOLERANCE = tolerance(terms=32 * 4 * 4, magnified=1e3)
"""A map's 512 values; a mean up to a thousand standard deviations away magnifies rounding by as
much."""

CLAIM = Claim(
    id="IS15-6",
    locator="section 3.2",
    statement="Batch norm of (N, C, H, W) is that of its N H W pixels as samples of C features, and "
    "shifting all images shifts the output.",
    protocol="32 images of 4x4 in 16 channels with standard deviations from 1e-4 to 1e4 and means up to a "
    "thousand of them, circular shifts, gamma and beta for each map; float64. Worst error "
    "relative to the map's largest output. Control: each of the 256 activations normalised over "
    f"the batch alone. Tolerance {TOLERANCE:.1e}.",
    settings=FORWARD,
    kind="exact",
    effect=agreement(TOLERANCE, "maps"),
    control=departure(TOLERANCE, "maps"),
    region=HOLDS,
    unit=DECADES,
    substitution=REORDERED,
)
