"""Figures of Santurkar et al. 2018 that several claims share, and the paper's numbers over ours.

The paper prints few numbers. Those here were read off the vector graphics of its figures (arXiv version 3,
one run of VGG each) to one or two percent of an axis, as each `source` says.
"""

from collections.abc import Mapping

from bnref.evidence.figure import Band, Curve, Dots, Overlay, Traces

Points = Mapping[float | str, float]
LEVEL = (20.0, 95.0)
"""Steps of ours between which a median of the paper's 15,000 steps is drawn, for comparison."""

ACCURACIES: Mapping[str, tuple[Points, str]] = {
    "identity": ({500: 45, 1000: 49, 2000: 77, 3000: 77, 5000: 96}, "figure 1 (a), VGG, digitised"),
    "batch_norm": (
        {500: 72, 1000: 83, 2000: 94, 3000: 91, 5000: 99},
        "figure 1 (a), VGG, digitised",
    ),
    "noisy_batch_norm": ({2400: 90}, "figure 2, VGG, first at 90 %, digitised"),
}

AREAS: Points = {
    "identity": 69.7,
    "batch_norm": 86.9,
    "noisy_batch_norm": 83.4,
    "l1_batch_norm": 87.8,
    "l2_batch_norm": 87.2,
    "linf_batch_norm": 87.8,
}

WIDTHS = {"identity": 0.94, "batch_norm": 0.20, "l1_batch_norm": 0.18, "l2_batch_norm": 0.14,
          "linf_batch_norm": 0.08}  # fmt: skip


def accuracy(*norms: str) -> Band:
    """Training accuracy by step, as in figures 1 (a), 2 and 5 (a)."""
    return Band(
        series="accuracy",
        hue="norm",
        x="step",
        log_x=True,
        x_label="training step",
        y_label="accuracy of training batches (%)",
        title="Training accuracy",
        overlay=tuple(
            Overlay(points=ACCURACIES[norm][0], source=ACCURACIES[norm][1], line=norm)
            for norm in norms
        ),
    )


def area(hue: str = "norm") -> Dots:
    """The mean training accuracy of every arm; the paper's is that of its first 5,000 steps."""
    return Dots(
        y="area",
        hue=hue,
        y_label="mean training accuracy over the run (%)",
        title="Mean training accuracy",
        overlay=(
            Overlay(
                points=AREAS,
                source="figures 2 and 5 (a), VGG, first 5,000 steps, digitised",
            ),
        ),
    )


def medians(by_norm: Mapping[str, float], source: str) -> tuple[Overlay, ...]:
    """A median over the paper's run of each norm, as a level."""
    return tuple(
        Overlay(points=dict.fromkeys(LEVEL, value), source=source, line=norm)
        for norm, value in by_norm.items()
    )


SHIFTS = {
    "mean": {"identity": 0.065, "batch_norm": 0.002, "noisy_batch_norm": 0.27},
    "variance": {"identity": 0.021, "batch_norm": 0.003, "noisy_batch_norm": 0.18},
}
"""Layer 9, but layer 2 with batch norm, whose layer 9 lies at 0.000."""


def shift(place: str, moment: str, *norms: str) -> Band:
    """Change of a unit's mean or variance in one step, as in figure 8."""
    found = medians({n: SHIFTS[moment][n] for n in norms}, "figure 8, VGG, median, digitised")
    return Band(
        series=f"{place}_{moment}_shift",
        hue="norm",
        x="step",
        log_y=True,
        x_label="training step",
        y_label=f"change of a unit's {moment} in a step",
        title=f"Shift of the {moment}s "
        + ("of layers' inputs" if place == "input" else "before the ReLU"),
        overlay=found,
    )


PERCENTILES = Traces(
    series=("p10", "p50", "p90"),
    hue="norm",
    x="step",
    x_label="training step",
    y_label="10th, 50th and 90th percentile",
    title="Values before the ReLU of the middle layer, as in figures 1 (c), 6 and 8",
)

WINDOWS = {0.1: (500.0, 3000.0), 0.01: (500.0, 7500.0)}
"""The middles of the windows of steps whose medians follow: 0 to 1,000 and 1,000 to 5,000 at the rate 0.1,
0 to 1,000 and 5,000 to 10,000 at 0.01."""

GRADIENT_SHIFTS = {
    ("shift", 0.1): {
        "identity": ((0.33, 0.96), (0.23, 1.0)),
        "batch_norm": ((0.94, 0.97), (0.84, 0.99)),
    },
    ("cosine", 0.1): {
        "identity": ((0.82, 0.62), (0.62, 0.11)),
        "batch_norm": ((0.71, 0.62), (0.45, 0.07)),
    },
    ("cosine", 0.01): {
        "identity": ((0.96, 0.85), (0.62, 0.29)),
        "batch_norm": ((0.68, 0.99), (0.65, 0.98)),
    },
}
"""Of layers 5 and 10, a median for each window."""


def gradient_shift(series: str, rate: float) -> Band:
    """Change of a layer's gradient when those below step, as in figure 3 (a)."""
    return Band(
        series=series,
        hue="norm",
        x="batch",
        log_x=True,
        log_y=series == "shift",
        x_label="training step",
        y_label="cosine of G and G'" if series == "cosine" else "||G - G'||",
        title=f"Internal covariate shift of definition 2.1 at the rate {rate:g}",
        overlay=tuple(
            Overlay(
                points=dict(zip(WINDOWS[rate], values, strict=True)),
                source=f"figure 3 (a), VGG layer {layer}, digitised",
                line=norm,
            )
            for norm, by_layer in GRADIENT_SHIFTS[series, rate].items()
            for layer, values in zip((5, 10), by_layer, strict=True)
        ),
    )


def along_steps(series: str, y_label: str, title: str, *overlay: Overlay) -> Band:
    """A number of `landscape` by step."""
    return Band(
        series=series,
        hue="norm",
        x="step",
        log_y=True,
        x_label="training step",
        y_label=y_label,
        title=title,
        overlay=overlay,
    )


def ranges(low: str, high: str, y_label: str, title: str) -> Traces:
    """The range of a number over the step grid, as in figures 4 (a, b), 10 and 12."""
    return Traces(
        series=(low, high),
        hue="norm",
        x="step",
        shade=True,
        log_y=True,
        x_label="training step",
        y_label=y_label,
        title=title,
    )


LOSS_RANGE = ranges("loss_low", "loss_high", "loss over the step grid", "Loss along the gradient")
CHANGE_RANGE = ranges(
    "change_low", "change_high", "l2 change of the gradient", "Gradient along its own direction"
)
PREDICTIVENESS = along_steps(
    "predictiveness",
    "l2 change of the gradient at 4 x rate",
    "Gradient predictiveness at the end of the step grid",
    *medians({"identity": 47.0, "batch_norm": 21.7}, "figure 4 (b), VGG, median, digitised"),
)
CHANGE_BY_DISTANCE = Band(
    series="change",
    hue="norm",
    x="eta",
    log_x=True,
    log_y=True,
    x_label="eta",
    y_label="l2 change of the gradient after eta g",
    title="Change of the gradient against the length of the step, median over training",
    overlay=(
        Overlay(
            points={0.05: 10.8, 0.1: 12.6, 0.2: 19.0, 0.4: 47.0},
            source="figure 11, VGG, median, digitised",
            line="identity",
        ),
        Overlay(
            points={0.05: 11.6, 0.1: 11.7, 0.2: 14.0, 0.4: 22.0},
            source="figure 11, VGG, median, digitised",
            line="batch_norm",
        ),
    ),
)
BETA = along_steps(
    "beta",
    "effective beta",
    "Effective beta-smoothness along the gradient",
    *medians({"identity": 20.0, "batch_norm": 19.95}, "figure 4 (c), VGG, median, digitised"),
)
LARGER_RATES = Curve(
    x="learning_rate",
    y="train_accuracy",
    hue="norm",
    log_x=True,
    scale=100.0,
    x_label="learning rate",
    y_label="training accuracy, last tenth of the steps (%)",
    title="Training accuracy at the end against the learning rate",
    overlay=(
        Overlay(
            points={0.1: 99.6, 0.5: 9.4},
            source="figure 1 (a), VGG, last steps, digitised",
            line="identity",
        ),
        Overlay(
            points={0.1: 98.7, 0.5: 97.0},
            source="figure 1 (a), VGG, last steps, digitised",
            line="batch_norm",
        ),
    ),
)


def widths(*norms: str) -> Band:
    """The width of the loss by step, with the median of each norm in figures 4 (a) and 12 (a)."""
    return along_steps(
        "loss_width",
        "max - min loss over the step grid",
        "Variation of the loss along the gradient",
        *medians({n: WIDTHS[n] for n in norms}, "figures 4 and 12, VGG, median, digitised"),
    )
