"""Batch norm helps a network that has no non-linearity, trained without noise from batches.

Santurkar et al. 2018, figure 5 (b): final losses of 1,661 and 480 are read off the plot (card SA18-14), a
ratio of 3.5, in one run. The bound asks for a factor of two. Pilots (20 seeds, medians): 1.9e4 and 8.3e3.
"""

import math

from bnref.evidence.claim import Claim, Effect, Expectation, Row, Rows, Substitution
from bnref.evidence.verdict import above
from reproductions.deep_linear import (
    DEEP_LINEAR_PROTOCOL,
    DEEP_LINEAR_SETTINGS,
    LOSS_BY_RATE,
    LOSS_BY_STEP,
    at_rate,
)

RATE = 1e-6
"""The rate of the paper's figure."""


def loss(row: Row) -> float:
    """Mean training loss of the last tenth of the steps; infinite where the run diverged."""
    return math.inf if row.diverged else row["train_loss"]


def log_ratio(plain: float, normalised: float) -> Effect:
    """log10 of two losses' ratio; undefined where both diverged."""
    if math.isinf(plain) and math.isinf(normalised):
        return -math.inf, math.inf
    if math.isinf(normalised):
        return -math.inf
    return math.inf if math.isinf(plain) else math.log10(plain / normalised)


def at_equal_rate(rows: Rows) -> Effect:
    """The ratio at the paper's rate."""
    plain, normalised = at_rate(rows, RATE)
    return log_ratio(loss(plain), loss(normalised))


CLAIM = Claim(
    id="SA18-14",
    locator="sections 2.2 and 3.2, figure 5 (b), appendix A.1",
    statement="In a 25-layer linear network under full-batch gradient descent at rate 1e-6, without "
    "batch normalisation the loss ends at least twice as high.",
    protocol=f"{DEEP_LINEAR_PROTOCOL} Mean loss of the last tenth of the steps.",
    settings=DEEP_LINEAR_SETTINGS,
    effect=at_equal_rate,
    region=above(math.log10(2)),
    unit="log10 ratio of the losses, no normaliser over batch norm",
    figures=(LOSS_BY_STEP, LOSS_BY_RATE),
    expected={
        "small": Expectation(
            outcome="inconclusive",
            because="Batch norm ends lower or level in all of 20 pilots, twice as low in 12 where 15 are "
            "needed: 1e-6 is the best rate of the plain network and too large for batch norm.",
        )
    },
    substitution=Substitution(better="higher", margin=0.15),
)
