"""Scale and shift can undo the normalisation, so a batch norm costs no capacity.

Exact (Ioffe & Szegedy 2015, section 3). As Santurkar et al. 2018 have it in observation 4.3: the
same activations for gamma = sd, beta = mean. Negative control: the scale without eps.
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

TOLERANCE = tolerance(terms=32 * 4 * 4)
"""A channel's mean sums 512 values; errors are relative to the values themselves."""

CLAIM = Claim(
    id="IS15-E2",
    locator="section 3, last paragraph on the transform",
    statement="With gamma = sqrt(var + eps) and beta = mean a batch norm is the identity: in training on "
    "the batch that has them, in evaluation on any input where the running statistics have them.",
    protocol="32 images of 4x4 in 16 channels with standard deviations from 1e-4 to 1e4 and means up to a "
    "thousand of them, evaluation on fresh images; float64. Worst error relative to the channel's "
    "largest value. Control: gamma = sqrt(var). A scale is fixed in training: it undoes the "
    f"normalisation of one batch, not of all. Tolerance {TOLERANCE:.1e}.",
    settings=FORWARD,
    kind="exact",
    effect=agreement(TOLERANCE, "identity"),
    control=departure(TOLERANCE, "identity"),
    region=HOLDS,
    unit=DECADES,
    substitution=REORDERED,
)
