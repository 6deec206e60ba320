"""Beds of Ioffe & Szegedy 2015 for overfitting, batch mates, dropout and the fall of the rate.

Sizes and rates of scale small were chosen on the pilot seeds 50 to 53; of the other scales see
`reproductions.inception`.
"""

from dataclasses import replace

from bnref.evidence.claim import Arm, Setting, grid
from reproductions.beds import FASHION
from reproductions.inception import LADDERS, RESNET20, SMALL_INCEPTION, scales
from reproductions.paper_beds import IMAGENET_EPOCH, INCEPTION_IMAGENET, Bed, on
from reproductions.perceptrons import PERCEPTRON

BY_EPOCH = "bnref.lab.experiments.by_epoch"

MATES = Setting(
    experiment=PERCEPTRON,
    arms=tuple(
        Arm(f"{norm}-{mates}", {"norm": norm, "mates": mates})
        for norm in ("batch_norm", "identity")
        for mates in ("new", "kept")
    ),
    seeds=12,
    fixed={
        **FASHION,
        "train_images": 1000,
        "batch_size": 10,
        "depth": 2,
        "width": 64,
        "activation": "relu",
        "learning_rate": 0.05,
        "images": 10_000,
    },
)
"""Ten epochs, whose batches are composed anew each time, or once."""

MATES_AT = scales(
    MATES,
    gpu={**RESNET20, "train_images": 4000, "batch_size": 32, "images": 30 * 4000, "learning_rate": 0.1},
    paper={
        **INCEPTION_IMAGENET,
        "augment": None,
        "train_images": IMAGENET_EPOCH,
        "images": 10 * IMAGENET_EPOCH,
        "learning_rate": LADDERS["paper"].base,
    },
    images=1000,
)  # fmt: skip
"""A tenth of CIFAR-10 at plain SGD, thirty epochs; ten epochs of Inception on ImageNet, not augmented."""

MATES_PROTOCOL = (
    "Two hidden layers of 64 ReLU units, ten epochs over 1,000 images of 14x14 Fashion-MNIST, batch 10, "
    "plain SGD at 0.05. Batches are composed anew every epoch, or once, and only their order shuffled. The "
    "same without a normaliser, for a fixed composition biases SGD, too."
)

DROPOUT = Setting(
    experiment=PERCEPTRON,
    arms=grid(norm=("batch_norm", "identity"), dropout=(0.0, 0.1, 0.4)),
    seeds=12,
    fixed={
        **FASHION,
        "train_images": 1000,
        "batch_size": 50,
        "depth": 2,
        "width": 128,
        "activation": "relu",
        "learning_rate": 0.1,
        "images": 30_000,
    },
)
"""Thirty epochs over few images, until the training error is 0 to 3 % without dropout."""

DROPOUT_AT = scales(
    DROPOUT,
    gpu={
        **SMALL_INCEPTION,
        "train_images": 10_000,
        "images": 300_000,
        "learning_rate": LADDERS["gpu"].base,
    },
    paper={
        **INCEPTION_IMAGENET,
        "train_images": IMAGENET_EPOCH,
        "learning_rate": LADDERS["paper"].base,
    },
    images=1000,
)
"""Dropout before the classifier, as in Inception, where the paper's 40 % were."""

DROPOUT_PROTOCOL = (
    "Two hidden layers of 128 ReLU units, thirty epochs over 1,000 images of 14x14 Fashion-MNIST, batch 50, "
    "plain SGD at 0.1, dropout of hidden units with probability 0, 0.1 and the paper's 0.4."
)

DROPOUT_SPEED_AT = {
    scale: replace(
        setting,
        experiment=BY_EPOCH,
        arms=grid(norm=("batch_norm",), dropout=(0.0, 0.4)),
        fixed={**setting.fixed, "images": epochs * int(setting.fixed["train_images"] or 0)},
    )
    for scale, setting, epochs in zip(DROPOUT_AT, DROPOUT_AT.values(), (12, 1, 12, 12), strict=True)
}
"""Twelve epochs, after each of which errors are counted."""

GHOSTS = "bnref.lab.variants:ghosts_of_4"
GAP = Setting(
    experiment=BY_EPOCH,
    arms=(
        Arm("batch_norm", {"norm": "batch_norm"}),
        Arm("batch_norm-of-4", {"norm": GHOSTS}),
        Arm("identity", {"norm": "identity"}),
    ),
    seeds=12,
    fixed={
        **FASHION,
        "train_images": 1000,
        "batch_size": 64,
        "depth": 2,
        "width": 64,
        "activation": "relu",
        "learning_rate": 0.1,
        "images": 24_000,
    },
)
"""24 epochs, in which the network that is normalised by four gets to a training loss of 0.5."""

GAP_AT = scales(
    GAP,
    gpu={**RESNET20, "train_images": 4000, "images": 30 * 4000},
    paper={
        **INCEPTION_IMAGENET,
        "train_images": IMAGENET_EPOCH,
        "learning_rate": LADDERS["paper"].raised,
    },
    images=2000,
)
"""Batches of 128 on a tenth of CIFAR-10, and of 32 at the rate of BN-x5 on ImageNet."""

GAP_PROTOCOL = (
    "Two hidden layers of 64 ReLU units, 24 epochs over 1,000 images of 14x14 Fashion-MNIST, batch 64, plain "
    "SGD at 0.1. Arms: batch norm of the whole batch, of each four of its images apart, and none."
)

STAGED: Bed = {**FASHION, "net": "convnet3", "batch_size": 32, "stages": 4, "decay": 0.3}
"""Plain SGD whose rate falls to 0.3 of itself three times."""

RATES_X6 = Setting(
    experiment="bnref.lab.experiments.in_stages",
    arms=grid(norm=("batch_norm",), learning_rate=(0.5, 3.0)),
    seeds=12,
    fixed={**STAGED, "images": 12_800},
)
"""The rate at which batch norm is fast, and six times that: the paper's x5 and x30. 400 steps."""

RATES_X6_AT = scales(
    RATES_X6,
    gpu=SMALL_INCEPTION,
    paper=INCEPTION_IMAGENET,
    arms={
        scale: grid(norm=("batch_norm",), learning_rate=(at.raised, 30 * at.base))
        for scale, at in LADDERS.items()
    },
    images=256,
)
"""BN-x5 and BN-x30; the paper's rate falls exponentially, ours in three steps."""

RATES_X6_PROTOCOL = (
    "Three convolutions with batch norm on 14x14 Fashion-MNIST, batch 32, plain SGD at the initial rates "
    "0.5 and 3, whose ratio is the paper's. The rate falls to 0.3 of itself after every 100 of 400 steps. "
    "Test error with the statistics of algorithm 2 after each stage."
)


def decaying(plain: float, normalised: float, slow: int, fast: int) -> tuple[Arm, ...]:
    """The plain network's rate and budget, and those of batch norm."""
    return (
        Arm("plain", {"norm": "identity", "learning_rate": plain, "images": slow}),
        Arm("batch_norm", {"norm": "batch_norm", "learning_rate": normalised, "images": fast}),
    )


DECAY = Setting(
    experiment="bnref.lab.experiments.in_stages",
    arms=decaying(0.25, 0.5, 12_800, 3_200),
    seeds=12,
    fixed=STAGED,
)

DECAY_AT = {
    "small": DECAY,
    "smoke": replace(DECAY, arms=decaying(0.25, 0.5, 256, 256), seeds=1),
    "gpu": on(SMALL_INCEPTION, DECAY, arms=decaying(0.006, 0.03, 600_000, 100_000)),
    "paper": on(
        INCEPTION_IMAGENET,
        DECAY,
        arms=decaying(0.0015, 0.0075, 30 * IMAGENET_EPOCH, 5 * IMAGENET_EPOCH),
    ),
}
"""Above small as the paper: six times as fast, at the rates of Inception and BN-x5."""
