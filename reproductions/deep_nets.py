"""Beds of deep residual networks: without a normaliser, with one before the classifier, with all."""

import math
from collections.abc import Mapping

from bnref.evidence.cell import Value
from bnref.evidence.claim import Arm, Effect, Row, Rows, Setting
from reproductions.beds import FASHION
from reproductions.paper_beds import CIFAR10, Bed, on

PLAIN = Arm("identity", {"norm": "identity", "where": "every"})
LAST = Arm("only_last-batch_norm", {"norm": "batch_norm", "where": "last"})
FULL = Arm("batch_norm", {"norm": "batch_norm", "where": "every"})

RESNET: Mapping[str, Value] = {**FASHION, "net": "resnet", "batch_size": 128}

RESNET110_CIFAR10: Bed = {
    **CIFAR10,
    "augment": None,
    "net": "resnet",
    "blocks": 18,
    "width": 16,
    "batch_size": 128,
    "worst_loss": 1e5,
}
"""The paper's network, data and batch, for what needs a step or none: both scales above small.

On random images of 32x32 the plain network starts at losses of 200 to 9,000 (seeds 50-57), so the
paper's 1e3 would call it diverged before its first step.
"""

TRAINED_RESNET110: Bed = {
    **RESNET110_CIFAR10,
    "augment": CIFAR10["augment"],
    "sgd_momentum": 0.9,
    "weight_decay": 1e-4,
}
"""The same in training as in He et al. 2016, section 4.2, whose recipe the paper follows."""


def at_scales(small: Setting, bed: Bed, **smoke: Value) -> Mapping[str, Setting]:
    """The setting at every scale: on the paper's bed above small, shrunk at smoke."""
    full = on(bed, small)
    return {"small": small, "smoke": small.shrunk(**smoke), "gpu": full, "paper": full}


START = Setting(
    experiment="bnref.lab.experiments.deep_start",
    arms=(PLAIN, LAST, FULL),
    seeds=20,
    fixed={**RESNET, "blocks": 18, "width": 16},
)
"""ResNet-110 as in the paper, on 14x14 images. In pilots loss 300 without and 6 with batch norm."""

AT_START = at_scales(START, RESNET110_CIFAR10, blocks=2, width=4, batch_size=32)

START_PROTOCOL = (
    "ResNet-110 (54 post-activation blocks of 16, 32 and 64 channels, Xavier initialisation) on one "
    "batch of 128 14x14 images of Fashion-MNIST, not trained, normalisers in training mode. Arms: no "
    "normaliser, batch norm of the averaged features only, batch norm behind every convolution. "
)


def three(rows: Rows) -> tuple[Row, Row, Row]:
    """No normaliser, the last layer's only, and every layer's (batch norm or what replaces it)."""
    plain = rows.one(norm="identity")
    (last,) = rows.where(where="last")
    (full,) = (row for row in rows.where(where="every") if row is not plain)
    return plain, last, full


def stepping(arm: Arm, learning_rate: float, batch: int = 1) -> Arm:
    """The arm, probed at one batch of a training at this rate."""
    name = arm.name if batch == 1 else f"{arm.name}-batch{batch}"
    return Arm(name, {**arm.parameters, "learning_rate": learning_rate, "batch": batch})


PLAIN_RATE, NORMALISED_RATE = 1e-4, 0.1
"""The rates of the paper's figure 3 for the arms without and with batch norm."""

STEP = Setting(
    experiment="bnref.lab.experiments.gradient_step",
    arms=(
        stepping(PLAIN, PLAIN_RATE),
        stepping(LAST, NORMALISED_RATE),
        stepping(FULL, NORMALISED_RATE),
    ),
    seeds=12,
    fixed={**RESNET, "blocks": 18, "width": 8},
)
"""ResNet-110 with half its channels; before the first update the rate does not matter."""


def steps(small: Setting) -> Mapping[str, Setting]:
    """Probes along gradients at every scale."""
    return at_scales(small, TRAINED_RESNET110, blocks=2, width=4, batch_size=32)


STEP_PROTOCOL = (
    "ResNet-110 with half its channels on 14x14 Fashion-MNIST, Xavier initialisation, batch 128. From a "
    "batch's gradient g the loss of that batch at theta - alpha g, in training mode, for alpha in powers of "
    "four from 4e-6 to 4. Reach: the largest alpha up to which the loss stays at most where it began. "
)


UPDATE = Setting(
    experiment="bnref.lab.experiments.first_updates",
    arms=(PLAIN, FULL),
    seeds=15,
    fixed={**RESNET, "blocks": 18, "width": 8, "learning_rate": 0.01},
)
"""A tenth of the rate that the paper uses with batch norm."""

UPDATES = at_scales(UPDATE, RESNET110_CIFAR10, blocks=2, width=4, batch_size=32)

UPDATE_PROTOCOL = (
    "ResNet-110 with half its channels on 14x14 Fashion-MNIST, Xavier initialisation, batch 128, plain SGD "
    "at 0.01. A run has diverged where the loss of the batch behind its update exceeds 1e3. "
)


def deep(arm: Arm, blocks: int) -> Arm:
    """The arm with so many blocks."""
    return Arm(f"{arm.name}-{blocks}", {**arm.parameters, "blocks": blocks})


SHALLOW, DEEP = 3, 18

SKIP_INIT = Arm("skip_init", {"norm": "identity", "where": "every", "alpha": 0.0})
"""No normaliser, and a trained factor of every branch that starts at 0 (De & Smith 2020)."""

RATE = Setting(
    experiment="bnref.lab.experiments.largest_rate",
    arms=(deep(PLAIN, SHALLOW), deep(PLAIN, DEEP), deep(LAST, DEEP), deep(FULL, DEEP)),
    seeds=12,
    fixed={**FASHION, "net": "residual_mlp", "width": 32, "batch_size": 64, "steps": 50},
)


def rates(small: Setting) -> Mapping[str, Setting]:
    """Scans of rates at every scale: ResNet-20 and ResNet-110 have 3 and 18 blocks a stage."""
    return {
        "small": small,
        "smoke": small.shrunk(steps=5),
        "gpu": on({**TRAINED_RESNET110, "steps": 300}, small),
        "paper": on({**TRAINED_RESNET110, "steps": 1500}, small),
    }


LARGEST_RATE = rates(RATE)

RATE_PROTOCOL = (
    "Residual network of fully connected blocks of two layers of 32 units on 14x14 Fashion-MNIST, Xavier "
    "initialisation, 50 steps of plain SGD, batch 64, at 8, 4, 2, ... until training accuracy over the last "
    "tenth of the steps exceeds twice chance. "
)


def largest(row: Row) -> Effect | None:
    """The largest rate that trains; censored at the top of the grid, None where no rate trains."""
    if row.diverged:
        return None
    return (8.0, math.inf) if row["largest_rate"] == 8 else row["largest_rate"]
