"""Beds of scales gpu and paper: the papers' data, networks and budgets, and how a setting is put on one.

They have run for two steps on a CPU, on no GPU.
"""

from collections.abc import Mapping
from dataclasses import replace

from bnref.evidence.cell import Value
from bnref.evidence.claim import Arm, Setting

Bed = Mapping[str, Value]
"""What the arms of a setting share: data, network, budget."""

CIFAR10: Bed = {"data": "cifar10", "pool": 1, "augment": "crop_flip"}

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

RESNET20_AT_32: Bed = {**SHORT_RESNET20_CIFAR10, "batch_size": 32}
"""At the batch size per GPU of Wu & He 2018."""

BEGINNING_OF_RESNET20: Bed = {**CIFAR10, "net": "resnet20"}
"""For statements about so many steps, which keep their batch size, budget and rate."""

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

WIDE_RESNET_CIFAR10: Bed = {
    **CIFAR10,
    "width": 2,
    "batch_size": 64,
    "images": 200 * CIFAR_EPOCH,
    "sgd_momentum": 0.9,
    "weight_decay": 5e-4,
    "drops": "0.5,0.55,0.6,0.65,0.7,0.75,0.8,0.85,0.9,0.95",
    "fall": 2.0,
    "lowest": -8,
    "highest": 1,
    "pack": 4,
}
"""De & Smith 2020: Wide-ResNets of 16, 100 and 1000 layers, which have 6, 48 and 498 blocks.

The recipe is ours: that of the paper is known to us from memory only (200 epochs at batch 64, momentum 0.9,
L2 coefficient 5e-4, the rate halved every ten epochs from half of them on). Its table has best rates
from 2^-5 to 2^-1. No seed of a pack of four chooses its own rate (see `wide_resnet_rates`).
"""

SHORT_WIDE_RESNET_CIFAR10: Bed = {
    **WIDE_RESNET_CIFAR10,
    "images": 5 * CIFAR_EPOCH,
    "drops": "0.5,0.75",
    "fall": 10.0,
    "lowest": -7,
    "highest": 0,
}
"""Five epochs at eight rates, for one GPU."""

WIDE_RESNET_START: Bed = {
    "data": "cifar10",
    "pool": 1,
    "depth": 48,
    "width": 2,
    "batch_size": 64,
    "networks": 8,
}
"""The network of 100 layers before its first step, on one batch of images."""


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


PERCEPTRONS_OWN = ("depth", "width")
"""What of a setting on perceptrons says nothing of VGG."""

PROBES = {"gpu": 20, "paper": 100}
"""Steps from one probe to the next: 150 of each, as often as the paper's curves have points."""


def santurkar_settings(
    small: Setting, net: Bed | None = None, **smoke: Value
) -> dict[str, Setting]:
    """A setting of Santurkar et al. 2018 at all scales: VGG above small, at the setting's own rates.

    `net` takes the place of VGG where a claim names another network; `smoke` is what shrinks.
    """
    kept = {name: value for name, value in small.fixed.items() if name not in PERCEPTRONS_OWN}
    settings = {"small": small, "smoke": small.shrunk(**smoke)}
    for scale, bed in (("gpu", SHORT_VGG_CIFAR10), ("paper", VGG_CIFAR10)):
        probes = {"probe_every": PROBES[scale]} if "probe_every" in kept else {}
        settings[scale] = on({**bed, **probes, **(net or {})}, replace(small, fixed=kept))
    return settings


def wu_he_scales(
    small: Setting,
    *,
    gpu: Bed = SHORT_RESNET20_CIFAR10,
    paper: Bed = RESNET50_IMAGENET,
    gpu_arms: tuple[Arm, ...] | None = None,
    paper_arms: tuple[Arm, ...] | None = None,
) -> dict[str, Setting]:
    """A setting of Wu & He 2018 at the scales above small, at one rate per image for all its arms.

    0.1 for 128 images of CIFAR-10 (He et al. 2016), and for the paper's 8 x 32 of ImageNet.
    """
    return {
        "gpu": at_rate_per_image(0.1 / 128, on(gpu, small, arms=gpu_arms)),
        "paper": at_rate_per_image(0.1 / 256, on(paper, small, arms=paper_arms)),
    }
