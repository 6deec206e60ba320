"""Beds of Ioffe & Szegedy 2015 above scale small: its MNIST network, and Inception on two data sets.

The paper's are the perceptron of section 4.1 with its batches and steps, and of section 4.2 Inception,
batches of 32, SGD with momentum, and the rates 0.0015 (Inception and BN-Baseline), 0.0075 (BN-x5) and
0.045 (BN-x30). It does not say momentum, decay of the rate, weight decay or initialisation: 0.9, the
rates of each setting, no decay and He's are ours, and so is each number of epochs; thirty are 0.96
million steps, of which BN-x5 took 2.1 to Inception's best accuracy. Its images of MNIST are binary, ours
grey. On CIFAR-10 all but the ratios of the rates is ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bnref.evidence.cell import Value
from bnref.evidence.claim import Arm, Rows, Setting, grid
from bnref.evidence.figure import Band, Dots, Overlay
from reproductions.beds import PERCEPTRON, SWEEP
from reproductions.paper_beds import (
    CIFAR10,
    CIFAR_EPOCH,
    IMAGENET_EPOCH,
    INCEPTION_IMAGENET,
    Bed,
    on,
)

MNIST: Bed = {"data": "mnist", "pool": 1, "batch_size": 60, "images": 60 * 50_000}
"""Section 4.1. A fifth of the 60,000 images validates."""

FASHION_MNIST: Bed = {**MNIST, "data": "fashion_mnist", "images": 60 * 10_000}
"""A fifth of the paper's steps, for one GPU, on images that leave more errors to differ in."""

SMALL_INCEPTION: Bed = {
    **CIFAR10,
    "augment": None,
    "net": "small_inception",
    "batch_size": 128,
    "images": 15 * CIFAR_EPOCH,
    "sgd_momentum": 0.9,
}
"""For one GPU: CIFAR-10, fifteen epochs without augmentation. At four times the paper's batch, four times
its rates: 0.006, 0.03 and 0.18."""

RESNET20: Bed = {
    **CIFAR10,
    "augment": None,
    "net": "resnet20",
    "batch_size": 128,
    "train_images": CIFAR_EPOCH,
    "images": 10 * CIFAR_EPOCH,
}
"""For statements about any network, which the paper makes without one: plain SGD, ten epochs."""

INCEPTION_PLAIN_SGD: Bed = {
    **INCEPTION_IMAGENET,
    "train_images": IMAGENET_EPOCH,
    "images": 5 * IMAGENET_EPOCH,
    "sgd_momentum": 0.0,
}
"""The same on ImageNet, five epochs: rates of 0.1 and more are those of scale small."""

LEARNING_CURVES: Mapping[str, Setting] = {
    "small": PERCEPTRON,
    "smoke": PERCEPTRON.shrunk(images=1200, look_every=10, pack=2),
    "gpu": on({**FASHION_MNIST, "look_every": 200, "pack": 20}, PERCEPTRON, seeds=20),
    "paper": on({**MNIST, "look_every": 1000, "pack": 20}, PERCEPTRON, seeds=20),
}
"""The perceptron of section 4.1 with the weights and the rates of scale small; all seeds as one."""

LATER_CURVES = {
    **LEARNING_CURVES,
    "small": PERCEPTRON.unseen(tuple(a for a in PERCEPTRON.arms if a.parameters["std"] is None)),
}
"""For claims written when the curves of IS15-10 had been seen: weights by fan-in, other seeds."""

LATER_SWEEP = SWEEP.unseen(grid(norm=("batch_norm", "identity"), learning_rate=(0.25, 1.0, 2.0)))
"""For claims written when the runs of IS15-12 had been seen: three rates, other seeds."""


@dataclass(frozen=True)
class Ladder:
    """The plain network's rate, a multiple of it for batch norm, and the loss to be reached."""

    base: float
    raised: float
    target: float


LADDERS = {"gpu": Ladder(0.006, 0.03, 1.0), "paper": Ladder(0.0015, 0.0075, 3.0)}
"""The paper's factor of five. Targets are below half of the loss at chance, ln 10 and ln 1000."""

BEDS = {"gpu": SMALL_INCEPTION, "paper": INCEPTION_IMAGENET}


def at_paper_rates(small: Setting) -> Mapping[str, Setting]:
    """Inception, BN-Baseline, BN-x5 and BN-x30 of section 4.2.2 at the scales gpu and paper."""
    return {
        scale: on(
            BEDS[scale],
            small,
            arms=(
                Arm("identity", {"norm": "identity", "learning_rate": ladder.base}),
                Arm("batch_norm", {"norm": "batch_norm", "learning_rate": ladder.base}),
                Arm("batch_norm-x5", {"norm": "batch_norm", "learning_rate": ladder.raised}),
                Arm("batch_norm-x30", {"norm": "batch_norm", "learning_rate": 30 * ladder.base}),
            ),
        )
        for scale, ladder in LADDERS.items()
    }


def ladder(rows: Rows, small: Ladder) -> Ladder:
    """The rates and the loss that the seed's arms are of: those of a scale above small, or `small`."""
    for found in LADDERS.values():
        if rows.where(norm="identity", learning_rate=found.base):
            return found
    return small


def scales(
    small: Setting,
    *,
    gpu: Bed,
    paper: Bed,
    arms: Mapping[str, tuple[Arm, ...]] | None = None,
    seeds: int | None = None,
    **smoke: Value,
) -> dict[str, Setting]:
    """The setting at all scales: a fraction of it for smoke, and on these beds for gpu and paper.

    `arms` are those of the scales above small where they are others.
    """
    above = arms or {}
    return {
        "small": small,
        "smoke": small.shrunk(**smoke),
        "gpu": on(gpu, small, arms=above.get("gpu"), seeds=seeds),
        "paper": on(paper, small, arms=above.get("paper"), seeds=seeds),
    }


ABOVE_SMALL = ("identity", "batch_norm", "batch_norm-x5", "batch_norm-x30")


def figure_2(*arms: str, target: float | None = None) -> Band:
    """After figure 2: training against steps. Ours is the training loss, theirs validation accuracy."""
    last = 6400 / 32
    line = (
        Overlay(points={0: target, last: target}, source=f"the loss {target:g}") if target else None
    )
    return Band(
        series="loss",
        x="step",
        hue="arm",
        arms=(*arms, *ABOVE_SMALL),
        log_y=True,
        x_label="training step",
        y_label="training loss",
        title="Training with and without batch norm",
        overlay=(line,) if line else (),
    )


def figure_3(plain: str, baseline: str, x5: str) -> Dots:
    """After the table of figure 3: what each network ends at, with what the paper's reached at best."""
    names = (plain, baseline, x5, *ABOVE_SMALL)
    best: dict[float | str, float] = dict(
        zip(names, (27.8, 27.3, 27.0, 27.8, 27.3, 27.0, 25.2), strict=True)
    )
    return Dots(
        y="test_error",
        hue="arm",
        arms=names,
        scale=100.0,
        y_label="error on held-out images (%)",
        title="Error after the last step, and the paper's smallest",
        overlay=(
            Overlay(
                points=best,
                source="figure 3: Inception, BN-Baseline and BN-x5 on ImageNet",
            ),
        ),
    )
