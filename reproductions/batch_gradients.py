"""Gradients of random batches of a trained network, with batch norm and without (Bjorck et al. 2018, 2.1)."""

from dataclasses import replace

from bnref.evidence.claim import Row, Rows, Setting
from bnref.evidence.figure import Band
from reproductions.beds import FASHION
from reproductions.deep_nets import FULL, PLAIN, TRAINED_RESNET110
from reproductions.paper_beds import on

GRADIENTS = Setting(
    experiment="bnref.lab.experiments.batch_gradients",
    arms=(PLAIN, FULL),
    seeds=20,
    fixed={
        **FASHION,
        "net": "residual_mlp",
        "blocks": 3,
        "width": 32,
        "batch_size": 64,
        "learning_rate": 0.1,
        "steps": 30,
        "train_images": 512,
        "sizes": "8,16,32,64,128",
        "repeats": 60,
    },
)
"""Early in training, where gradients are not small."""

RESNET20 = {**TRAINED_RESNET110, "blocks": 3, "steps": 300, "train_images": 1024, "repeats": 500}

GRADIENT_SCALES = {
    "small": GRADIENTS,
    "smoke": GRADIENTS.shrunk(repeats=4, steps=4, sizes="8,16"),
    "gpu": on(RESNET20, GRADIENTS),
    "paper": replace(
        on({**RESNET20, "blocks": 18}, GRADIENTS),
        arms=tuple(
            replace(arm, parameters={**arm.parameters, "learning_rate": rate})
            for arm, rate in ((PLAIN, 1e-4), (FULL, 0.1))
        ),
    ),
}
"""The mean over 1,024 images in one batch, whose activations a large GPU can hold."""

GRADIENT_PROTOCOL = (
    "Residual network of three fully connected blocks, width 32, on 512 images of 14x14 Fashion-MNIST, after "
    "30 steps of plain SGD at 0.1, batch 64. Gradients g_b of batches of b = 8 to 128 images drawn with "
    "replacement, in training mode, 120 of each size; g, that of all 512 images as one batch. "
)


def two(rows: Rows) -> tuple[Row, Row] | None:
    """Without and with batch norm; None where a network did not leave chance."""
    plain, (full,) = rows.one(norm="identity"), rows.without(norm=("identity",))
    trained = all(not row.diverged and row["train_accuracy"] > 0.3 for row in (plain, full))
    return (plain, full) if trained else None


def by_batch_size(series: str, y_label: str, title: str) -> Band:
    """The figure of these claims: noise or bias against batch size."""
    return Band(
        series=series,
        hue="arm",
        x="batch_size",
        log_x=True,
        log_y=True,
        x_label="batch size b",
        y_label=y_label,
        title=title,
    )
