"""A bias before a batch norm does nothing: beta takes its place.

Exact (Ioffe & Szegedy 2015, section 3.2). Negative control: a ReLU between bias and batch norm.
"""

from bnref.evidence.claim import Claim
from reproductions.exact import (
    BATCH_NORM,
    DECADES,
    HOLDS,
    REORDERED,
    agreement,
    departure,
    settings,
    tolerance,
)

BIAS = settings(
    "redundant_bias",
    BATCH_NORM,
    {"channels": 16, "batch_size": 64, "steps": 10},
    {"channels": 4, "batch_size": 16, "steps": 3},
)

TOLERANCE = tolerance(terms=64 * 10, magnified=1e2)
"""64 samples, 10 steps; a bias of a hundred standard deviations magnifies rounding by as much."""

CLAIM = Claim(
    id="IS15-4",
    locator="section 3.2",
    statement="A bias b before a batch norm changes no output, no loss of a whole training run and, where "
    "running statistics were taken with it, no evaluation; its gradient is zero, so that only "
    "weight decay moves it, b_t = b_0 (1 - eta lambda)^t.",
    protocol="Dense layer of 16 units, batch norm, tanh, squared loss; 10 steps of descent at 0.1 with "
    "decay 0.01, with biases up to a hundred standard deviations and with none; float64. Worst "
    "relative error of losses, outputs and b, and of its gradient relative to what that adds up. "
    f"Control: the outputs of BN(relu(z + b)) and BN(relu(z)). Tolerance {TOLERANCE:.1e}.",
    settings=BIAS,
    kind="exact",
    effect=agreement(TOLERANCE, "bias"),
    control=departure(TOLERANCE, "bias"),
    region=HOLDS,
    unit=DECADES,
    substitution=REORDERED,
)
