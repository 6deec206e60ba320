"""Beds of Wu & He 2018, section 4.2: tuned on two images at a time, with live or frozen statistics."""

from bnref.evidence.claim import Arm, Setting
from bnref.evidence.figure import Dots
from reproductions.beds import FASHION
from reproductions.paper_beds import (
    CIFAR_EPOCH,
    IMAGENET_EPOCH,
    RESNET20_CIFAR10,
    RESNET50_IMAGENET,
    Bed,
    on,
)


def arms(batch_norm: float, group_norm: float) -> tuple[Arm, ...]:
    """Batch norm at the rate of the linear rule, and each arm at its best, a multiple of its rule's.

    The arguments are the rates at which the networks were trained before, in batches of 32.
    """

    def tuned(name: str, norm: str, statistics: str, rate: float, factor: float) -> Arm:
        return Arm(
            name,
            {
                "norm": norm,
                "statistics": statistics,
                "source_rate": rate,
                "learning_rate": factor * rate / 16,
            },
        )

    return (
        tuned("live-rule", "batch_norm", "live", batch_norm, 1.0),
        tuned("frozen-rule", "batch_norm", "frozen", batch_norm, 1.0),
        tuned("live-best", "batch_norm", "live", batch_norm, 8.0),
        tuned("frozen-best", "batch_norm", "frozen", batch_norm, 4.0),
        tuned("group_norm-best", "group_norm", "live", group_norm, 4.0),
    )


TUNING = Setting(
    experiment="bnref.lab.experiments.fine_tuning",
    arms=arms(0.04, 0.16),
    seeds=15,
    fixed={
        **FASHION,
        "net": "convnet3",
        "sgd_momentum": 0.9,
        "drops": "0.5,0.75",
        "source_images": 6400,
        "source_batch_size": 32,
        "images": 1000,
        "batch_size": 2,
    },
)
"""Best of powers of two on validation images over seeds 50 to 54: live 0.02 and frozen 0.01 of 0.0025 to
0.04 and to 0.02, group norm 0.04 of 0.01 to 0.08."""

CIFAR100: Bed = {
    **RESNET20_CIFAR10,
    "data": "cifar100",
    "source_images": 25 * CIFAR_EPOCH,
    "source_batch_size": 32,
    "images": CIFAR_EPOCH // 2,
    "batch_size": 2,
}
IMAGENET: Bed = {
    **RESNET50_IMAGENET,
    "source_images": 50 * IMAGENET_EPOCH,
    "source_batch_size": 32,
    "images": 5 * IMAGENET_EPOCH,
    "batch_size": 2,
}
"""Half of the classes, not COCO: 50 epochs of all images are 100 of that half."""

SETTINGS = {
    "small": TUNING,
    "smoke": TUNING.shrunk(source_images=128, images=32),
    "gpu": on(CIFAR100, TUNING, arms=arms(0.1 * 32 / 128, 0.1 * 32 / 128)),
    "paper": on(IMAGENET, TUNING, arms=arms(0.1 * 32 / 256, 0.1 * 32 / 256)),
}

PROTOCOL = (
    "Three convolutions on 14x14 Fashion-MNIST: five classes, 6,400 images in batches of 32, then the "
    "other five with a new classifier, 1,000 images two at a time. Momentum 0.9, the rate falling to a "
    "tenth at half and at three quarters of each part. Frozen statistics stay as the first part left them. "
)

FIGURES = (
    Dots(
        y="test_error", hue="arm", scale=100.0, y_label="test error (%)",
        title="Tuned two images at a time: by the linear rule, and each at its best rate",
    ),
)  # fmt: skip
