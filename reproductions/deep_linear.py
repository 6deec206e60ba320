"""The deep linear network of Santurkar et al. 2018 at its full size, and its runs."""

from collections.abc import Mapping
from dataclasses import replace

from bnref.evidence.cell import Value
from bnref.evidence.claim import Arm, Row, Rows, Setting, grid
from bnref.evidence.figure import Band, Curve, Overlay

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


def linear_settings(arms: tuple[Arm, ...], **fixed: Value) -> dict[str, Setting]:
    """The deep linear network with these arms: at every scale but smoke the paper's own size."""
    setting = replace(DEEP_LINEAR, arms=arms, fixed={**DEEP_LINEAR.fixed, **fixed})
    return {
        "smoke": setting.shrunk(steps=200, probe_every=20, pack=2),
        **dict.fromkeys(("small", "gpu", "paper"), setting),
    }


DEEP_LINEAR_SETTINGS = linear_settings(
    grid(norm=("batch_norm", "identity"), learning_rate=LINEAR_RATES)
)

DEEP_LINEAR_PROTOCOL = (
    "25 matrices of 10x10, Glorot's normal initialisation, learn to multiply by a Gaussian matrix A: "
    "gradient descent on the sum of squares over 1,000 centred Gaussian rows, 10,000 steps. Batch norm, "
    "its scale and shift trained, stands behind every matrix but the last. The rows enter by their "
    "second moments, which determine the loss of either network exactly."
)


def cosines(layer: int, points: Mapping[str, float]) -> Band:
    """Cosine of G and G' of a layer by step, with the paper's medians over its steps 1,000 to 4,000."""
    source = f"figure 3 (b), layer {layer}, digitised"
    return Band(
        series=f"cosine_{layer}",
        hue="arm",
        x="step",
        x_label="training step",
        y_label=f"cosine of G and G', layer {layer}",
        title="Do gradients keep their direction when the layers below have stepped?",
        overlay=tuple(
            Overlay(points={1000.0: value, 4000.0: value}, source=source, line=arm)
            for arm, value in points.items()
        ),
    )


LANDSCAPE_PROTOCOL = (
    "Every 100 steps loss and gradient at theta - eta g, g the gradient of all parameters, eta in {1/100, "
    "1/10, 1, 10, 30} x rate as in the paper. "
)


LOSSES: Mapping[str, Mapping[float | str, float]] = {
    "identity-lr1e-06": {5000.0: 2891.0, 10000.0: 1661.0},
    "batch_norm-lr1e-06": {5000.0: 533.0, 10000.0: 480.0},
}

LOSS_BY_STEP = Band(
    series="loss",
    hue="arm",
    x="step",
    log_y=True,
    x_label="training step",
    y_label="training loss",
    title="Loss of the linear network",
    overlay=tuple(
        Overlay(points=points, source="figure 5 (b), digitised", line=arm)
        for arm, points in LOSSES.items()
    ),
)
LOSS_BY_RATE = Curve(
    x="learning_rate",
    y="train_loss",
    hue="norm",
    log_x=True,
    log_y=True,
    y_label="training loss, last tenth of the steps",
    title="Loss of the linear network after 10,000 steps against the learning rate",
)


def at_rate(rows: Rows, rate: float) -> tuple[Row, Row]:
    """The runs of the deep linear network at a rate: without a normaliser, and with batch norm."""
    normalised = rows.without(norm=("identity",))
    (there,) = (row for row in normalised if row.arm.parameters["learning_rate"] == rate)
    return rows.one(norm="identity", learning_rate=rate), there
