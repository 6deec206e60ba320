"""Branches that start at zero let a residual network train at a larger rate (Wu & He 2018, section 4.1).

The paper takes the recipe from Goyal et al. and gives no comparison. Pilot seeds 50 to 52, 60 and 61: 2 to
55 points.
"""

from bnref.evidence.claim import Claim, Rows, Setting, Substitution, grid
from bnref.evidence.effects import points
from bnref.evidence.verdict import above
from reproductions.beds import CLASSIFY
from reproductions.group_norm import by_gamma
from reproductions.paper_beds import RESNET20_CIFAR10, RESNET50_IMAGENET, on

BEST, LARGE = 0.1, 0.4
"""The best rate of both, of 0.0125, 0.025, .. 0.4 on validation images of seeds 50 and 51; and 4 times it."""

SMALL = Setting(
    experiment=CLASSIFY,
    arms=grid(norm=("batch_norm",), last_gamma=(0.0, 1.0), learning_rate=(BEST, LARGE)),
    seeds=12,
    fixed={
        "data": "fashion_mnist_10k",
        "pool": 4,
        "net": "resnet20",
        "batch_size": 64,
        "images": 4800,
        "sgd_momentum": 0.9,
    },
)
SETTINGS = {
    "small": SMALL,
    "smoke": SMALL.shrunk(images=128),
    "gpu": on({**RESNET20_CIFAR10, "net": "resnet56"}, SMALL),
    "paper": on({**RESNET50_IMAGENET, "batch_size": 256}, SMALL),
}

PROTOCOL = (
    "ResNet-20 on 7x7 Fashion-MNIST, 75 steps of batch 64, momentum 0.9. The last batch norm of each of the "
    "nine branches starts with weight 0 or 1. 0.1 is the best rate of both, of six on validation images."
)


def saved(rows: Rows) -> float:
    """e(gamma 1) - e(gamma 0) at the large rate, in percentage points."""
    zero, one = rows.where(learning_rate=LARGE)
    return points(one) - points(zero)


CLAIM = Claim(
    id="WH18-10",
    locator="section 4.1, implementation",
    statement="At four times the best rate a residual network whose branches start at zero ends with an "
    "error at least two percentage points lower than one whose branches start at full weight.",
    protocol=PROTOCOL,
    settings=SETTINGS,
    effect=saved,
    region=above(2.0),
    unit="percentage points",
    figures=(by_gamma("Test error by the weight at which branches start"),),
    substitution=Substitution(better="higher", margin=2.0),
)
