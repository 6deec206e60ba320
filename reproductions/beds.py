"""Test beds that claims share: data, network and budget, chosen on pilot seeds (below 100).

Every arm has He initialisation and, within a seed, the same weights where shapes agree and the same
order of the images. Fashion-MNIST at 14x14 (28x28 averaged over 2x2), 8,000 training images.
"""

from collections.abc import Mapping
from dataclasses import replace

from bnref.evidence.cell import Value
from bnref.evidence.claim import Arm, Row, Setting, grid

Bed = Mapping[str, Value]
"""What the arms of a setting share: data, network, budget."""

FASHION: Bed = {"data": "fashion_mnist_10k", "pool": 2}

CLASSIFY = "bnref.lab.experiments.classify"

RATES = tuple(2.0**k for k in range(-7, 6))
"""Factors of two over 3.6 decades. In pilots every arm trains at 1/4 and none at 16."""

CIFAR10: Bed = {"data": "cifar10", "pool": 1, "augment": "crop_flip"}
CIFAR100: Bed = {**CIFAR10, "data": "cifar100"}
IMAGENET: Bed = {"data": "imagenet", "pool": 1, "augment": "resized_crop_flip"}
"""A folder of JPEG images, one folder a class; crops of 224 pixels. A fifth of it validates."""

CIFAR_EPOCH, IMAGENET_EPOCH = 40_000, 1_024_934
"""Images of an epoch without the fifth that validates."""

VGG_CIFAR10: Bed = {**CIFAR10, "net": "vgg16", "batch_size": 128, "images": 128 * 15_000}
"""Santurkar et al. 2018, appendix A.1: VGG-like network, plain SGD, 15,000 steps."""
RESNET20_CIFAR10: Bed = {
    **CIFAR10,
    "net": "resnet20",
    "batch_size": 128,
    "images": 50 * CIFAR_EPOCH,
    "sgd_momentum": 0.9,
}
"""The small residual network of He et al. 2016, section 4.2, for one GPU."""
RESNET110_CIFAR10: Bed = {**RESNET20_CIFAR10, "net": "resnet110", "images": 165 * CIFAR_EPOCH}
"""Bjorck et al. 2018: ResNet-110; the number of epochs is ours."""
WIDE_RESNET_CIFAR10: Bed = {
    **RESNET20_CIFAR10,
    "net": "wide_resnet16_4",
    "images": 200 * CIFAR_EPOCH,
}
"""De & Smith 2020: pre-activation Wide-ResNet-16-4."""
RESNET50_IMAGENET: Bed = {
    **IMAGENET,
    "net": "resnet50",
    "batch_size": 32,
    "images": 100 * IMAGENET_EPOCH,
    "sgd_momentum": 0.9,
}
"""Wu & He 2018, section 4.1: ResNet-50, 100 epochs."""
INCEPTION_IMAGENET: Bed = {
    **RESNET50_IMAGENET,
    "net": "bn_inception",
    "images": 30 * IMAGENET_EPOCH,
}
"""Ioffe & Szegedy 2015, section 4.2: Inception, batch 32; the number of epochs is ours."""


def on(
    bed: Bed, setting: Setting, *, arms: tuple[Arm, ...] | None = None, seeds: int | None = None
) -> Setting:
    """The same experiment and arms on another bed, whose values win over the setting's own.

    settings={"small": SWEEP, "smoke": SWEEP.shrunk(images=256), "gpu": on(VGG_CIFAR10, SWEEP)}
    """
    return replace(
        setting,
        arms=arms or setting.arms,
        seeds=seeds or setting.seeds,
        fixed={**setting.fixed, **bed},
    )


SWEEP = Setting(
    experiment=CLASSIFY,
    arms=grid(norm=("batch_norm", "identity", "group_norm"), learning_rate=RATES),
    seeds=12,
    fixed={**FASHION, "net": "convnet5", "batch_size": 32, "images": 6400},
)
"""200 steps of plain SGD at every rate: the plain network, too, trains at its best rate."""

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

DEEP: Bed = {
    **FASHION,
    "net": "mlp",
    "depth": 10,
    "width": 64,
    "batch_size": 64,
    "images": 12_800,
    "learning_rate": 0.1,
}
"""200 steps of plain SGD of ten hidden layers: deep enough for batch norm to be faster, and every
normaliser's net leaves chance."""

L1, L2, LINF = (
    Arm(name, {"norm": f"bnref.lab.variants:{name}"})
    for name in ("l1_batch_norm", "l2_batch_norm", "linf_batch_norm")
)
NOISY = Arm("noisy_batch_norm", {"norm": "noisy_batch_norm"})
NOISY_IDENTITY = Arm("noisy_identity", {"norm": "bnref.lab.variants:NoisyIdentity"})

LAYER_INPUTS = Setting(
    experiment="bnref.lab.experiments.layer_inputs",
    arms=grid(norm=("batch_norm", "identity")),
    seeds=12,
    fixed={**DEEP, "probe_every": 20, "target": 0.7},
)
"""Speed of training and shift of activations, for claims of Santurkar et al. 2018, section 2."""

DEEP_LANDSCAPE = Setting(
    experiment="bnref.lab.experiments.landscape",
    arms=grid(norm=("batch_norm", "identity")),
    seeds=12,
    fixed={**DEEP, "images": 6400, "probe_every": 5},
)
"""The first 100 steps of the deep net, for landscapes of many arms: a quarter of LANDSCAPE's time."""

RANDOM_DIRECTIONS = replace(DEEP_LANDSCAPE, experiment="bnref.lab.experiments.random_directions")

GRADIENT_SHIFT = Setting(
    experiment="bnref.lab.experiments.gradient_shift",
    arms=grid(norm=("batch_norm", "identity")),
    seeds=12,
    fixed={**DEEP, "probe_every": 5},
)
"""Definition 2.1 of Santurkar et al. 2018 in 40 steps of the run."""

UNIT_GRADIENTS = Setting(
    experiment="bnref.lab.experiments.unit_gradients",
    arms=grid(norm=("batch_norm",)),
    seeds=12,
    fixed={**DEEP, "probe_every": 5},
)
"""Batch norm and its plain twin in one cell, unit by unit."""

OTHERS = tuple(
    str(arm.parameters["norm"])
    for arm in (*grid(norm=("identity",)), L1, L2, LINF, NOISY, NOISY_IDENTITY)
)
"""Norms of the arms that are neither batch norm nor a user's layer in its place."""

DEEP_PROTOCOL = (
    "Ten hidden layers of 64 units on 14x14 Fashion-MNIST, He initialisation in every arm, plain SGD at "
    "0.1, batch 64, 200 steps. "
)

SHIFT_PROTOCOL = (
    "Every 20 steps 500 fixed training images pass in training mode before and after the step; the "
    "change of a unit's statistic is averaged over all units, then the median taken over the steps. "
)
