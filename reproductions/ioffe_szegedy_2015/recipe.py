"""Batch norm and a larger rate need a small share of a tuned network's steps (section 4.2.2, BN-x5).

Pilot seeds 50 to 53: the steps to the loss that the plain network ends at shrink 1.5, 1.5, 2.3 and 1.9 times.
"""

from bnref.evidence.claim import Claim, Effect, Expectation, Reported, Rows, Substitution
from bnref.evidence.effects import log_ratio
from bnref.evidence.figure import Curve
from bnref.evidence.verdict import above
from reproductions.beds import SWEEP
from reproductions.perceptrons import batch_norm, steps_to

BEST, RAISED = 0.25, 1.0
"""The plain network's best rate, and four times that."""


def fewer(rows: Rows) -> Effect:
    """log2 of the steps to the plain network's last loss, plain over batch norm at the larger rate."""
    plain = rows.one(norm="identity", learning_rate=BEST)
    loss = plain["train_loss"]
    there = batch_norm(rows, learning_rate=RAISED)
    return log_ratio(steps_to(plain, loss), steps_to(there, loss), base=2)


CLAIM = Claim(
    id="IS15-14",
    locator="section 4.2.1, section 4.2.2, figure 3, BN-x5",
    statement="Batch normalisation at four times the best rate of the plain network reaches the loss that "
    "the plain network ends at in less than a quarter of its steps.",
    protocol="The runs of IS15-12: five convolutions on 14x14 Fashion-MNIST, plain SGD, batch 32, 200 "
    "steps, the plain network at its best rate 1/4. Steps until the mean training loss of 20 steps is "
    "at most that of the plain network's last 20. Of the paper's eight changes this has two, batch "
    "normalisation and the rate; rates in factors of two, so four for the paper's five.",
    settings={"small": SWEEP, "smoke": SWEEP.shrunk(images=256)},
    effect=fewer,
    region=above(2.0),
    unit="log2 of the ratio of steps",
    reported=(
        Reported(metric="steps of Inception to its maximum (millions)", value=31.0, source="figure 3"),
        Reported(metric="steps of BN-x5 to that accuracy (millions)", value=2.1, source="figure 3"),
    ),
    figures=(
        Curve(
            x="learning_rate", y="train_loss", hue="norm", log_x=True, log_y=True,
            x_label="learning rate", y_label="training loss, last tenth of the steps",
            title="Training loss after the same number of steps",
        ),
    ),
    expected={
        "small": Expectation(
            outcome="refuted",
            because="The plain network's rate is its best here, and close to batch norm's own: a larger one "
            "gains nothing more. IS15-14-attribution starts from a rate that is too small.",
            depends_on_scale=True,
        )
    },
    substitution=Substitution(better="higher", margin=0.5),
)  # fmt: skip
