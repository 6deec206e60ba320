"""How the networks of `rate_accuracy` ended, and the figures of that."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from bnref.evidence.claim import Row, Rows
from bnref.evidence.figure import Band, Figure, Overlay, Traces
from reproductions.rate_accuracy import kind, small_batch
from reproductions.residual_start import slope

BEST = {"batch_norm": 2.0, "final_batch_norm": 0.5, "skip_init": 2.0**-5}
"""Smallest mean validation error over pilot seeds 50-61 at scale small; else the largest rate that is run."""


@dataclass(frozen=True)
class End:
    """How one network ended: accuracies in percent, and its steps to 90 % on the training images."""

    train: float
    test: float
    steps: float
    budget: float


def ends(rows: Rows, wanted: str, small: bool = False) -> dict[float, End]:
    """The ends of the networks of a kind, by their learning rates; with `small` in batches of 32."""
    found = {}
    for row in rows:
        if kind(row.arm) == wanted and small_batch(row.arm) == small:
            for place, rate in enumerate(row.series["learning_rate"]):
                own = float(row.arm.parameters.get("learning_rate") or rate)
                found[own] = _end(row, place)
    return found


def _end(row: Row, place: int) -> End:
    errors = (row.series[name][place] for name in ("train_error", "test_error"))
    train, test = (100 * (1 - error) for error in errors)
    return End(train, test, row.series["steps_to_target"][place], row["steps"])


def best(rows: Rows, wanted: str) -> End:
    """The network of this kind at its best rate."""
    found = ends(rows, wanted)
    rate = BEST.get(wanted)
    return found[rate if rate in found else max(found)]


def matched(rows: Rows) -> tuple[End, End]:
    """The plain network, and batch norm at its rate."""
    ((rate, plain),) = ends(rows, "plain").items()
    found = ends(rows, "batch_norm")
    return plain, found[rate] if rate in found else found[min(found)]


def per_decade(found: Mapping[float, End]) -> float:
    """Slope of the test accuracy in points on log10 of the rate."""
    return slope([math.log10(rate) for rate in found], [end.test for end in found.values()])


def fit(*compared: End) -> bool:
    """Entry condition: all fit the images that they were trained on."""
    return all(end.train >= 95 for end in compared)


FIGURE_1 = "read off figure 1 (ResNet-110, CIFAR-10)"

OVERLAYS = {
    "batch_norm": Overlay(
        points={1e-4: 0.187, 3e-3: 0.096, 0.1: 0.068}, source=FIGURE_1, line="batch_norm"
    ),
    "plain": Overlay(points={1e-4: 0.18}, source=FIGURE_1, line="plain"),
}


def figures(
    *overlays: str, rates: tuple[float, ...] = (2.0**-5, 0.125, 0.5, 2.0)
) -> tuple[Figure, ...]:
    """The paper's figure 1, accuracy by epoch at these rates, and where its lines end.

    `overlays` names the networks whose ends in the paper are drawn over ours.
    """
    error = Band(
        series="test_error",
        hue="form",
        x="learning_rate",
        log_x=True,
        x_label="learning rate",
        y_label="test error",
        title="Test error by learning rate, all trained until they fit",
        overlay=tuple(OVERLAYS[name] for name in overlays),
    )
    titles = {
        "train_accuracy": "Training accuracy by epoch, at each rate",
        "validation_accuracy": "Accuracy on images not trained on, by epoch, at each rate",
    }
    curves = (
        Traces(
            series=tuple(f"{curve}_{rate:g}" for rate in rates),
            hue="form",
            x="epoch",
            x_label="epoch",
            y_label=curve.replace("_", " "),
            title=title,
        )
        for curve, title in titles.items()
    )
    return (error, *curves)
