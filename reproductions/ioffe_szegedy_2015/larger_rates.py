"""A batch-normalised network trains at learning rates at which the same network without it does not.

Ioffe & Szegedy 2015, section 4.2.2. The card's criterion: no divergence, and the loss at least halved.
39 runs a seed take 190 core-seconds at scale small: a grid of rates for three networks, whose runs nine
other claims of two papers share.
"""

from bnref.evidence.claim import Claim, Effect, Reported, Row, Rows, Substitution
from bnref.evidence.effects import headroom
from bnref.evidence.figure import Curve
from bnref.evidence.verdict import above
from reproductions.beds import INCEPTION_SWEEP, SWEEP
from reproductions.paper_beds import SHORT_VGG_CIFAR10, on


def halves_its_loss(row: Row) -> bool:
    """The run stays finite and ends at less than half of its first loss."""
    return not row.diverged and row["train_loss"] < row["first_loss"] / 2


def decades(rows: Rows) -> Effect:
    """Decades between the largest training rates with batch norm and without a normaliser."""
    return headroom(rows, "identity", halves_its_loss, base=10)


LOSS_BY_RATE = Curve(
    x="learning_rate",
    y="train_loss",
    hue="norm",
    log_x=True,
    log_y=True,
    x_label="learning rate",
    y_label="training loss, last tenth of the steps",
    title="Training loss after the same number of steps against the learning rate",
)

CLAIM = Claim(
    id="IS15-12",
    headline="larger rates without divergence",
    locator="abstract, section 3.3, section 4.2.2",
    statement="Batch normalisation trains without divergence at a learning rate at least four times "
    "the largest one at which the same well-initialised network without normalisation trains.",
    protocol="ReLU network of five convolutions on 14x14 Fashion-MNIST, plain SGD, batch 32, 200 "
    "steps, 13 rates in factors of two, He initialisation in both arms. A run trains if it stays "
    "finite and its training loss (mean of the last tenth of the steps) is below half of its first.",
    settings={
        "small": SWEEP,
        "smoke": SWEEP.shrunk(images=256),
        "gpu": on(SHORT_VGG_CIFAR10, SWEEP),
        "paper": INCEPTION_SWEEP,
    },
    effect=decades,
    # Rates lie 0.30 decades apart: the bound stands between a factor of two and of four.
    region=above(0.45),
    unit="decades",
    reported=(
        Reported(
            metric="decades from x5, at which Inception diverges, to BN-x30, which trains (at least)",
            value=0.778,
            source="section 4.2.2: log10(30 / 5)",
            unit="decades",
        ),
    ),
    figures=(LOSS_BY_RATE,),
    substitution=Substitution(better="higher", margin=0.3),
)
