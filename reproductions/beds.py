"""Test beds that claims share: data, network and budget, chosen on pilot seeds (below 100).

Every arm has He initialisation and, within a seed, the same weights where shapes agree and the same
order of the images. Fashion-MNIST at 14x14 (28x28 averaged over 2x2), 8,000 training images.
"""

from collections.abc import Mapping
from dataclasses import replace

from bnref.evidence.cell import Value
from bnref.evidence.claim import Arm, Row, Rows, Setting, grid

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

VGG_CIFAR10: Bed = {
    **CIFAR10,
    "augment": None,
    "net": "vgg16",
    "batch_size": 128,
    "images": 128 * 15_000,
}
"""Santurkar et al. 2018, appendix A.1: VGG-like network, plain SGD, 15,000 steps, no augmentation."""
SHORT_VGG_CIFAR10: Bed = {**VGG_CIFAR10, "images": 128 * 3_000}
"""A fifth of the paper's steps, for one GPU."""
RESNET20_CIFAR10: Bed = {
    **CIFAR10,
    "net": "resnet20",
    "batch_size": 128,
    "images": 50 * CIFAR_EPOCH,
    "sgd_momentum": 0.9,
    "weight_decay": 1e-4,
    "drops": "0.5,0.75",
}
"""The small residual network of He et al. 2016, section 4.2, and its recipe, for one GPU.

The rate falls to a tenth at half and at three quarters of the steps; the number of epochs is ours.
"""
SHORT_RESNET20_CIFAR10: Bed = {**RESNET20_CIFAR10, "images": 5 * CIFAR_EPOCH}
"""Five epochs, for sweeps down to batch 2."""
RESNET110_CIFAR10: Bed = {**RESNET20_CIFAR10, "net": "resnet110", "images": 165 * CIFAR_EPOCH}
"""Bjorck et al. 2018: ResNet-110; epochs and recipe are ours, or of He et al. 2016."""
WIDE_RESNET_CIFAR10: Bed = {
    **RESNET20_CIFAR10,
    "net": "wide_resnet16_4",
    "images": 200 * CIFAR_EPOCH,
}
"""De & Smith 2020: pre-activation Wide-ResNet-16-4; epochs and recipe are ours."""
RESNET50_IMAGENET: Bed = {
    **IMAGENET,
    "net": "resnet50",
    "batch_size": 32,
    "images": 100 * IMAGENET_EPOCH,
    "sgd_momentum": 0.9,
    "weight_decay": 1e-4,
    "drops": "0.3,0.6,0.9",
}
"""Wu & He 2018, section 4.1: ResNet-50, 100 epochs, the rate a tenth from epochs 30, 60 and 90 on.

One process: a step of SGD sees the images that batch norm sees, not those of eight GPUs.
"""
INCEPTION_IMAGENET: Bed = {
    **RESNET50_IMAGENET,
    "net": "bn_inception",
    "images": 30 * IMAGENET_EPOCH,
    "weight_decay": 0.0,
    "drops": None,
}
"""Ioffe & Szegedy 2015, section 4.2: Inception, batch 32; epochs and a constant rate are ours."""


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


def at_rate_per_image(rate: float, setting: Setting) -> Setting:
    """The setting with a learning rate proportional to the batch size in every arm."""

    def changed(arm: Arm) -> Arm:
        size = {**setting.fixed, **arm.parameters}["batch_size"]
        assert isinstance(size, int), f"arm {arm.name}: batch_size is {size!r}"
        return Arm(arm.name, {**arm.parameters, "learning_rate": rate * size})

    return replace(setting, arms=tuple(changed(arm) for arm in setting.arms))


def wu_he_scales(small: Setting) -> dict[str, Setting]:
    """A setting of Wu & He 2018 at the scales above small, at one rate per image for all its arms.

    0.1 for 128 images of CIFAR-10 (He et al. 2016), and for the paper's 8 x 32 of ImageNet.
    """
    return {
        "gpu": at_rate_per_image(0.1 / 128, on(SHORT_RESNET20_CIFAR10, small)),
        "paper": at_rate_per_image(0.1 / 256, on(RESNET50_IMAGENET, small)),
    }


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

LANDSCAPE_SETTINGS = {
    "small": LANDSCAPE,
    "smoke": LANDSCAPE.shrunk(images=640),
    "gpu": on({**SHORT_VGG_CIFAR10, "probe_every": 20}, LANDSCAPE),
    "paper": on({**VGG_CIFAR10, "probe_every": 100}, LANDSCAPE),
}
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


DEEP_LINEAR = Setting(
    experiment="bnref.lab.experiments.deep_linear",
    arms=(),
    seeds=20,
    fixed={
        "depth": 25,
        "width": 10,
        "rows": 1000,
        "moments": True,
        "steps": 10000,
        "probe_every": 100,
        "layers": "9,17",
        "pack": 20,
    },
)
"""The deep linear network of Santurkar et al. 2018, appendix A.1, at its full size."""

LINEAR_RATES = (1e-7, 3e-7, 1e-6)
"""The paper's two rates and one between them; at 3e-6 a fifth of the plain networks diverged in pilots."""

DEEP_LINEAR_ARMS = replace(
    DEEP_LINEAR, arms=grid(norm=("batch_norm", "identity"), learning_rate=LINEAR_RATES)
)

DEEP_LINEAR_PROTOCOL = (
    "25 matrices of 10x10, Glorot's normal initialisation, learn to multiply by a Gaussian matrix A: "
    "gradient descent on the sum of squares over 1,000 centred Gaussian rows, 10,000 steps. Batch norm, "
    "its scale and shift trained, stands behind every matrix but the last. The rows enter by their "
    "second moments, which determine the loss of either network exactly."
)


def at_rate(rows: Rows, rate: float) -> tuple[Row, Row]:
    """The runs of the deep linear network at a rate: without a normaliser, and with batch norm."""
    normalised = rows.without(norm=("identity",))
    (there,) = (row for row in normalised if row.arm.parameters["learning_rate"] == rate)
    return rows.one(norm="identity", learning_rate=rate), there


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
