"""At the same rate batch norm needs fewer than half the steps to a fixed loss (section 4.2.2).

Pilot seeds 50 to 53: ratios of 3.1, 2.6, 2.6 and 2.5 to the loss 1.0, which every run reaches.
"""

from bnref.evidence.claim import Claim, Effect, Rows, Substitution
from bnref.evidence.effects import log_ratio
from bnref.evidence.figure import Band
from bnref.evidence.verdict import above
from reproductions.beds import SWEEP
from reproductions.perceptrons import batch_norm, steps_to

RATE, TARGET = 0.25, 1.0


def fewer(rows: Rows) -> Effect:
    """log2 of the steps to the target, plain over batch norm."""
    plain = rows.one(norm="identity", learning_rate=RATE)
    there = batch_norm(rows, learning_rate=RATE)
    return log_ratio(steps_to(plain, TARGET), steps_to(there, TARGET), base=2)


CLAIM = Claim(
    id="IS15-13-target",
    locator="section 4.2.2, figures 2 and 3, BN-Baseline",
    statement="At the rate that is best without normalisation, the same network with batch normalisation "
    "reaches the training loss 1.0 in less than half of the plain network's steps.",
    protocol="The runs of IS15-12: five convolutions on 14x14 Fashion-MNIST, plain SGD, batch 32, 200 "
    "steps, rate 1/4. Steps until the mean training loss of 20 steps is at most 1.0, less than half "
    "of the loss at chance. A target that does not depend on how far the plain network gets.",
    settings={"small": SWEEP, "smoke": SWEEP.shrunk(images=256)},
    effect=fewer,
    region=above(1.0),
    unit="log2 of the ratio of steps",
    figures=(
        Band(
            series="loss", x="step", hue="norm", log_y=True, x_label="step", y_label="training loss",
            title="Training loss over the steps, all rates together",
        ),
    ),
    substitution=Substitution(better="higher", margin=0.5),
)  # fmt: skip
