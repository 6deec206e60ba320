"""Test beds that claims share: data, network and budget, chosen on pilot seeds (below 100).

Every arm has He initialisation and, within a seed, the same weights where shapes agree and the same
order of the images. Fashion-MNIST at 14x14 (28x28 averaged over 2x2), 8,000 training images.
"""

from dataclasses import replace

from bnref.evidence.claim import Arm, Row, Setting, grid
from reproductions.paper_beds import INCEPTION_IMAGENET, Bed, on, santurkar_settings

FASHION: Bed = {"data": "fashion_mnist_10k", "pool": 2}

CLASSIFY = "bnref.lab.experiments.classify"

RATES = tuple(2.0**k for k in range(-7, 6))
"""Factors of two over 3.6 decades. In pilots every arm trains at 1/4 and none at 16."""

SWEEP = Setting(
    experiment=CLASSIFY,
    arms=grid(norm=("batch_norm", "identity", "group_norm"), learning_rate=RATES),
    seeds=12,
    fixed={**FASHION, "net": "convnet5", "batch_size": 32, "images": 6400},
)
"""200 steps of plain SGD at every rate: the plain network, too, trains at its best rate."""

INCEPTION_SWEEP = on(
    INCEPTION_IMAGENET,
    SWEEP,
    arms=grid(
        norm=("batch_norm", "identity", "group_norm"),
        learning_rate=tuple(0.0015 * 2.0**k for k in range(-2, 9)),
    ),
)
"""Rates around the paper's 0.0015, with momentum: from a quarter of it to 256 times as much."""

LANDSCAPE = Setting(
    experiment="bnref.lab.experiments.landscape",
    arms=grid(norm=("batch_norm", "identity")),
    seeds=20,
    fixed={
        **FASHION,
        "net": "convnet7",
        "batch_size": 64,
        "images": 9600,
        "learning_rate": 0.1,
        "probe_every": 5,
    },
)
"""150 steps of plain SGD at 0.1, where both arms train, probed every five steps."""

LANDSCAPE_SETTINGS = santurkar_settings(LANDSCAPE, images=640)
"""At every scale 0.1 is the rate and 30 or 150 steps are probed."""


def leaves_chance(row: Row) -> bool:
    """Entry condition of landscape claims: a network stuck at chance is flat and would win."""
    return not row.diverged and row["train_accuracy"] > 0.3


LANDSCAPE_PROTOCOL = (
    "Seven convolutions on 14x14 Fashion-MNIST, plain SGD at 0.1, batch 64, 150 steps, probed every "
    "five. A probe moves the parameters along the gradient g of the training batch by eta g, eta in "
    "{1/2, 1, 2, 4} x 0.1 as in the paper, in training mode on the same batch, and restores "
    "parameters and buffers. Judged only where both arms end above 30 % training accuracy."
)

SHORT_RUN = Setting(
    experiment=CLASSIFY,
    arms=grid(norm=("batch_norm",), momentum=(0.1, 0.05, 0.01, None)),
    seeds=12,
    fixed={
        **FASHION,
        "net": "convnet5",
        "batch_size": 32,
        "images": 1600,
        "learning_rate": 0.04,
        "sgd_momentum": 0.9,
        "reestimate": True,
    },
)
"""50 steps, after which momentum 0.01 still has 0.99^50 = 61 % of the initial statistics."""

CHEAP = Setting(
    experiment=CLASSIFY,
    arms=(),
    seeds=20,
    fixed={
        "data": "fashion_mnist_10k",
        "pool": 4,
        "net": "mlp",
        "depth": 1,
        "width": 32,
        "norm": "identity",
        "batch_size": 50,
        "images": 8000,
        "learning_rate": 0.1,
    },
)
"""The cheapest network, for this project's own controls: one hidden layer on 7x7 images."""

PLACEBO = replace(CHEAP, arms=(Arm("a", {"order": "a"}), Arm("b", {"order": "b"})))
"""Two identical arms with other shuffles."""

PLANTED = replace(
    CHEAP,
    arms=(Arm("clean", {"order": "a"}), Arm("corrupted", {"order": "b", "corrupted": 0.1})),
)
"""A known corruption: a tenth of the test labels of the second arm is another class."""

VARIANTS = "bnref.lab.variants"

NORMS_AT_32 = Setting(
    experiment=CLASSIFY,
    arms=tuple(
        Arm(norm, {"norm": norm, "learning_rate": rate})
        for norm, rate in (
            ("batch_norm", 0.04),
            ("group_norm", 0.16),
            ("layer_norm", 0.16),
            ("instance_norm", 0.16),
        )
    ),
    seeds=12,
    fixed={**FASHION, "net": "convnet3", "batch_size": 32, "images": 16000, "sgd_momentum": 0.9},
)
"""Two epochs at batch 32, each arm at its best rate of 0.04, 0.08, 0.16 and 0.32 on validation images
over tuning seeds 50 to 54. Maps end at 4x4: on 1x1 instance norm would leave its bias alone."""

NORMS_PROTOCOL = (
    "Three convolutions on 14x14 Fashion-MNIST, maps of 7x7 and 4x4, two epochs of SGD with momentum "
    "0.9 at batch 32. Each arm's rate is its best of four on validation images over five tuning "
    "seeds. Test error after the last step."
)

PERCEPTRON = Setting(
    experiment="bnref.lab.experiments.learning_curve",
    arms=(
        *grid(norm=("batch_norm", "identity"), std=(0.01,), learning_rate=(3.0,)),
        *grid(norm=("batch_norm", "identity"), std=(None,), learning_rate=(0.1, 0.3, 1.0, 3.0)),
    ),
    seeds=12,
    fixed={
        "data": "fashion_mnist_10k",
        "pool": 1,
        "depth": 3,
        "width": 100,
        "activation": "sigmoid",
        "batch_size": 60,
        "images": 90000,
        "look_every": 100,
        "pack": 4,
    },
)
"""The network of Ioffe & Szegedy 2015, section 4.1, on Fashion-MNIST: 1,500 steps of plain SGD.

Small Gaussian weights as in the paper (0.01 is this project's reading of "small") at the rate that is best
without a normaliser, of 0.1, 0.3, 1 and 3 in pilots; and weights of 1/sqrt(fan_in) at all four rates.
"""

PERCEPTRON_PROTOCOL = (
    "Three hidden layers of 100 sigmoid units on 28x28 Fashion-MNIST, 8,000 training images, batch 60, "
    "1,500 steps of plain SGD; batch norm before every sigmoid. Accuracy on 5,000 test images every 100 "
    "steps with running statistics: its mean, and the mean of the last five. The effect is the smaller "
    "of the two differences, so both must be there."
)


def ahead(normalised: Row, plain: Row) -> float:
    """The smaller of two leads of batch norm, over training and at its end, in percentage points."""
    return min(100 * (normalised[a] - plain[a]) for a in ("mean_accuracy", "final_accuracy"))
