"""A gradient that ignores the normalisation makes the network blow up (Ioffe & Szegedy 2015, section 2).

Pilot seeds 50 and 51 at the rate 1: 1.8 and 2.9 points of training accuracy lost, nothing diverged.
"""

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Expectation, Rows, Substitution
from bnref.evidence.figure import Curve
from bnref.evidence.verdict import above
from reproductions.perceptrons import STOPPED_AT, STOPPED_PROTOCOL, batch_norm, trained


def lost(rows: Rows) -> Effect:
    """Training accuracy with the true gradient minus that with stopped statistics, in points."""
    stopped = rows.one(norm="stop_gradient_batch_norm", learning_rate=1.0)
    true = batch_norm(rows, learning_rate=1.0)
    if not trained(true):
        return UNDEFINED
    return 100 * (true["train_accuracy"] - (0.1 if stopped.diverged else stopped["train_accuracy"]))


CLAIM = Claim(
    id="IS15-1-blow-up",
    locator="section 2, normalisation outside of the gradient step",
    statement="Where the gradient takes the batch statistics for constants the network blows up: at a rate "
    "at which batch normalisation trains it loses at least 30 percentage points of training accuracy.",
    protocol=STOPPED_PROTOCOL + " Rate 1, ten times the usual one; training accuracy of the last tenth of "
    "the steps, chance where the run diverged.",
    settings=STOPPED_AT,
    effect=lost,
    region=above(30.0),
    unit="percentage points of training accuracy",
    figures=(
        Curve(
            x="learning_rate", y="train_loss", hue="norm", log_x=True, x_label="learning rate",
            y_label="training loss, last tenth of the steps", title="Training loss after 300 steps",
        ),
    ),
    expected={
        "small": Expectation(
            outcome="refuted",
            because="The weights grow (IS15-1-growth), but normalisation takes their scale out of the "
            "output again, and larger weights get smaller gradients: it trains on, a little worse. The "
            "paper gives neither network nor rate.",
        )
    },
    substitution=Substitution(better="higher", margin=5.0),
)  # fmt: skip
