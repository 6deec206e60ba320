"""A gradient that ignores the normalisation makes the weights grow (Ioffe & Szegedy 2015, section 2).

Pilot seeds 50 and 51 at the rate 0.1: |w| grows by 8.8 and 12 %, by 0.5 and 0.4 % with the true gradient.
"""

import math

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Rows, Substitution
from bnref.evidence.figure import Curve
from bnref.evidence.verdict import above
from reproductions.perceptrons import STOPPED_AT, STOPPED_PROTOCOL, batch_norm


def faster(rows: Rows) -> Effect:
    """log2 of the growth of log |w| with stopped statistics over that with the true gradient."""
    stopped = rows.one(norm="stop_gradient_batch_norm", learning_rate=0.1)
    true = batch_norm(rows, learning_rate=0.1)
    if true.diverged:
        return UNDEFINED
    return math.inf if stopped.diverged else math.log2(stopped["growth"] / true["growth"])


CLAIM = Claim(
    id="IS15-1-growth",
    locator="section 2, normalisation outside of the gradient step",
    statement="Where the gradient takes the batch statistics for constants, the hidden weights grow at least "
    "twice as much as with the gradient of batch normalisation.",
    protocol=STOPPED_PROTOCOL + " Rate 0.1; log of the norm of all hidden weights, last over first. The "
    "paper's example, a bias that grows while the loss stands still, is IS15-1.",
    settings=STOPPED_AT,
    effect=faster,
    region=above(1.0),
    unit="log2 of the ratio of growths",
    figures=(
        Curve(
            x="learning_rate", y="growth", hue="norm", log_x=True, x_label="learning rate",
            y_label="log10 of |w|, last over first", title="Growth of the hidden weights",
        ),
    ),
    substitution=Substitution(better="higher", margin=0.5),
)  # fmt: skip
