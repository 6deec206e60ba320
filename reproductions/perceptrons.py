"""Perceptrons of Ioffe & Szegedy 2015 that its claims share, and the steps a run takes to a loss.

Sizes and rates of scale small were chosen on the pilot seeds 50 to 52; of the other scales see
`reproductions.inception`.
"""

import math
from dataclasses import replace

from bnref.evidence.cell import Value
from bnref.evidence.claim import Arm, Row, Rows, Setting, grid
from reproductions.beds import FASHION
from reproductions.inception import (
    FASHION_MNIST,
    INCEPTION_PLAIN_SGD,
    LADDERS,
    MNIST,
    RESNET20,
    SMALL_INCEPTION,
    scales,
)
from reproductions.paper_beds import CIFAR_EPOCH, IMAGENET_EPOCH, INCEPTION_IMAGENET, Bed

FEW: Bed = {"data": "fashion_mnist_10k", "pool": 4, "train_images": 2000, "batch_size": 50}
"""2,000 images of 7x7 pixels."""

PERCEPTRON = "bnref.lab.experiments.perceptron"

STOPPED = Setting(
    experiment=PERCEPTRON,
    arms=grid(norm=("batch_norm", "stop_gradient_batch_norm"), learning_rate=(0.1, 1.0)),
    seeds=12,
    fixed={**FEW, "depth": 3, "width": 64, "activation": "relu", "images": 15_000},
)
"""The gradient knows about the statistics, or takes them for constants; 300 steps."""

STOPPED_AT = scales(STOPPED, gpu=RESNET20, paper=INCEPTION_PLAIN_SGD, images=500)

STOPPED_PROTOCOL = (
    "Three hidden layers of 64 ReLU units, 2,000 images of Fashion-MNIST at 7x7, batch 50, 300 steps of "
    "plain SGD. The forward pass is the same; in one network no gradient flows through mean and variance."
)

SCALES = Setting(
    experiment=PERCEPTRON,
    arms=grid(norm=("batch_norm", "identity"), scale=(0.001, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)),
    seeds=12,
    fixed={
        **FEW,
        "depth": 4,
        "width": 64,
        "activation": "relu",
        "learning_rate": 0.1,
        "images": 15_000,
    },
)
"""300 steps from hidden weights of seven scales."""

SCALES_AT = scales(SCALES, gpu=RESNET20, paper=INCEPTION_PLAIN_SGD, images=500)

SCALES_PROTOCOL = (
    "Four hidden layers of 64 ReLU units, 2,000 images of Fashion-MNIST at 7x7, batch 50, 300 steps of "
    "plain SGD at 0.1. The hidden weights start at He's scale times 0.001 to 1000, the classifier at its "
    "own. Test error after the last step."
)

SIGMOID_LAYERS = Setting(
    experiment="bnref.lab.experiments.hidden_layers",
    arms=tuple(
        Arm(f"{norm}-{start}", {"norm": norm, "scale": scale, "learning_rate": rate})
        for start, scale, rate in (("small", 0.3, 2.0), ("fan_in", 1.0, 1.0))
        for norm in ("batch_norm", "identity")
    ),
    seeds=12,
    fixed={
        **FASHION,
        "depth": 3,
        "width": 100,
        "activation": "sigmoid",
        "batch_size": 60,
        "images": 24_000,
        "probe_every": 20,
        "probe_images": 500,
    },
)
"""The network of section 4.1, 400 steps. Scale 1 is 1/sqrt(fan_in); 0.3 is "small random Gaussian", from
which the plain network leaves chance at the rate 2; from 0.1 it does in some seeds only, at any rate."""

SIGMOID_AT = scales(
    SIGMOID_LAYERS,
    gpu={**FASHION_MNIST, "probe_every": 200},
    paper={**MNIST, "probe_every": 500},
    images=1200,
    probe_every=5,
)
"""The paper's own: 28x28 pixels, and more steps."""

SIGMOID_PROTOCOL = (
    "The paper's network, three hidden layers of 100 sigmoid units and batches of 60, on 14x14 "
    "Fashion-MNIST; 400 steps of plain SGD."
)

DEEP_SIGMOID = Setting(
    experiment=PERCEPTRON,
    arms=grid(norm=("batch_norm", "identity"), learning_rate=(0.1, 1.0, 10.0)),
    seeds=12,
    fixed={**FEW, "depth": 8, "width": 50, "activation": "sigmoid", "images": 20_000},
)

DEEP_SIGMOID_AT = scales(
    DEEP_SIGMOID,
    gpu={**SMALL_INCEPTION, "activation": "sigmoid", "train_images": CIFAR_EPOCH},
    paper={**INCEPTION_IMAGENET, "activation": "sigmoid", "train_images": IMAGENET_EPOCH},
    arms={
        scale: grid(
            norm=("batch_norm", "identity"),
            learning_rate=(at.base, at.raised, 30 * at.base),
        )
        for scale, at in LADDERS.items()
    },
    images=500,
)
"""Above small Inception with sigmoids, at the paper's rates."""

RELU_LAYERS = Setting(
    experiment="bnref.lab.experiments.hidden_layers",
    arms=grid(norm=("batch_norm", "identity")),
    seeds=12,
    fixed={
        **FASHION,
        "depth": 3,
        "width": 100,
        "activation": "relu",
        "batch_size": 60,
        "images": 12_000,
        "learning_rate": 0.1,
        "probe_every": 100,
        "probe_images": 500,
    },
)
"""What hidden layers see where activations are sparse; 200 steps."""

RELU_AT = {
    name: setting
    if name in ("small", "smoke")
    else replace(setting, experiment="bnref.lab.experiments.layer_shapes")
    for name, setting in scales(
        RELU_LAYERS,
        gpu={**SMALL_INCEPTION, "learning_rate": LADDERS["gpu"].base},
        paper={**INCEPTION_IMAGENET, "learning_rate": LADDERS["paper"].base, "probe_images": 50},
        images=1200,
        probe_every=5,
    ).items()
}
"""Above small the layers of Inception, a channel being a unit; the same metrics."""

RELU_PROTOCOL = (
    "Three hidden layers of 100 ReLU units on 14x14 Fashion-MNIST, batch 60, 200 steps of plain SGD at 0.1. "
    "Of the second and third layer, for every unit over 500 validation images: the products W u, and the "
    "inputs u, which are outputs of ReLUs. Mean over units that are not constant; the smaller effect of "
    "the networks with batch norm and without."
)


def trained(row: Row) -> bool:
    """Entry condition: a network stuck at chance has nothing that could drift."""
    return not row.diverged and row["train_accuracy"] > 0.3


WINDOW = 5
"""Points of the recorded loss, four steps each, in the running mean that has to reach a loss."""
ROUNDING = 1e-5


def steps_to(row: Row, loss: float) -> tuple[float, float]:
    """Steps until the running mean of the training loss is at most `loss`, as an interval.

    A run reaches the mean of its own last WINDOW points, whatever the rounding of float32 does to it.
    Between the last step and infinity where the run ends above; infinite where it diverged.
    """
    if row.diverged:
        return math.inf, math.inf
    steps, losses = row.series["step"], row.series["loss"]
    for end in range(WINDOW, len(losses) + 1):
        if math.fsum(losses[end - WINDOW : end]) / WINDOW <= loss * (1 + ROUNDING):
            return steps[end - 1], steps[end - 1]
    return steps[-1], math.inf


def batch_norm(rows: Rows, **parameters: Value) -> Row:
    """The only row of batch norm, or of the layer in its place, with these parameters."""
    others = ("identity", "group_norm", "stop_gradient_batch_norm")
    found = rows.without(norm=others)
    return Rows(found).one(**parameters)


def by_rate(rows: Rows) -> list[Row]:
    """The rows from the smallest rate to the largest."""
    return sorted(rows, key=lambda row: float(row.arm.parameters["learning_rate"] or 0))
