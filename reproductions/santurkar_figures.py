"""Figures of Santurkar et al. 2018 that several claims share, with its numbers over ours."""

from collections.abc import Mapping

from bnref.evidence.figure import Band, Curve, Dots, Overlay, Traces
from reproductions.santurkar_numbers import (
    ACCURACIES,
    AREAS,
    BETAS,
    BY_DISTANCE,
    CHANGES,
    GRADIENT_SHIFTS,
    LAST_ACCURACIES,
    SHIFTS,
    WIDTHS,
    WINDOWS,
    Points,
)

LEVEL = (20.0, 95.0)
"""Steps of ours between which a median of the paper's 15,000 steps is drawn, for comparison."""


def curves(by_line: Mapping[str, Points], source: str) -> tuple[Overlay, ...]:
    """The paper's points of each line, which are digitised."""
    return tuple(
        Overlay(points=points, source=f"{source}, digitised", line=line)
        for line, points in by_line.items()
    )


def medians(by_norm: Mapping[str, float], source: str, *norms: str) -> tuple[Overlay, ...]:
    """A median over the paper's run of each of these norms, or of all, as a level."""
    chosen: dict[str, Points] = {
        norm: dict.fromkeys(LEVEL, by_norm[norm]) for norm in norms or by_norm
    }
    return curves(chosen, f"{source}, VGG, median")


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
        overlay=curves({norm: ACCURACIES[norm] for norm in norms}, "figures 1 (a) and 2, VGG"),
    )


def area(hue: str = "norm") -> Dots:
    """The mean training accuracy of every arm, which has no figure of its own in the paper."""
    return Dots(
        y="area",
        hue=hue,
        y_label="mean training accuracy over the run (%)",
        title="Mean training accuracy",
        overlay=curves({"": AREAS}, "figures 2 and 5 (a), VGG, first 5,000 steps"),
    )


def shift(place: str, moment: str, *norms: str) -> Band:
    """Change of a unit's mean or variance in one step, as in figure 8."""
    where = "of layers' inputs" if place == "input" else "before the ReLU"
    return Band(
        series=f"{place}_{moment}_shift",
        hue="norm",
        x="step",
        log_y=True,
        x_label="training step",
        y_label=f"change of a unit's {moment} in a step",
        title=f"Shift of the {moment}s {where}",
        overlay=medians(SHIFTS[moment], "figure 8", *norms),
    )


PERCENTILES = Traces(
    series=("p10", "p50", "p90"),
    hue="norm",
    x="step",
    x_label="training step",
    y_label="10th, 50th and 90th percentile",
    title="Values before the ReLU of the middle layer",
)
"""Figures 1 (c), 6 and 8 have histograms of a layer over training."""


def gradient_shift(series: str, rate: float) -> Band:
    """Change of a layer's gradient when those below step, as in figure 3 (a)."""
    found = [
        overlay
        for layer, medians_of in GRADIENT_SHIFTS[series, rate].items()
        for overlay in curves(
            {norm: dict(zip(WINDOWS[rate], at, strict=True)) for norm, at in medians_of.items()},
            f"figure 3 (a), VGG layer {layer}",
        )
    ]
    return Band(
        series=series,
        hue="norm",
        x="batch",
        log_x=True,
        log_y=series != "cosine",
        x_label="training step",
        y_label="cosine of G and G'" if series == "cosine" else "||G - G'||",
        title=f"Internal covariate shift of definition 2.1 at the rate {rate:g}",
        overlay=tuple(found),
    )


def along_steps(
    series: str, y_label: str, title: str, *overlay: Overlay, hue: str = "norm"
) -> Band:
    """A number of a landscape by step."""
    return Band(
        series=series,
        hue=hue,
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


def widths(*norms: str) -> Band:
    """The width of the loss by step."""
    return along_steps(
        "loss_width",
        "max - min loss over the step grid",
        "Variation of the loss along the gradient",
        *medians(WIDTHS, "figures 4 (a) and 12", *norms),
    )


def changes(*norms: str) -> Band:
    """The change of the gradient at the end of the step grid by step."""
    return along_steps(
        "predictiveness",
        "l2 change of the gradient at 4 x rate",
        "Gradient predictiveness at the end of the step grid",
        *medians(CHANGES, "figures 4 (b) and 12", *norms),
    )


def spread(*overlay: Overlay) -> Band:
    """The range of the loss of the linear network."""
    return along_steps(
        "spread",
        "log10 of largest over least loss",
        "Range of the loss of the linear network along the gradient",
        *overlay,
    )


BETA = along_steps(
    "beta",
    "effective beta",
    "Effective beta-smoothness along the gradient",
    *medians(BETAS, "figure 4 (c)"),
)
CHANGE_BY_DISTANCE = Band(
    series="change",
    hue="norm",
    x="eta",
    log_x=True,
    log_y=True,
    x_label="eta",
    y_label="l2 change of the gradient after eta g, median over training",
    title="Change of the gradient against the length of the step",
    overlay=curves(BY_DISTANCE, "figure 11 (a), VGG"),
)
TEST_ERROR = Dots(
    y="test_error",
    hue="norm",
    scale=100.0,
    y_label="test error (%)",
    title="Test error",
    overlay=(
        Overlay(points={"batch_norm": 17.0, "identity": 20.0}, source="appendix A.1, VGG, printed"),
    ),
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
    overlay=curves(LAST_ACCURACIES, "figure 1 (a), VGG, last steps"),
)
