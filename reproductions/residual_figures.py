"""The tables of De & Smith 2020 (version 1, CIFAR-10), and figures that have ours and theirs."""

from bnref.evidence.claim import Reported
from bnref.evidence.figure import Band, Curve, Dots, Overlay

TABLE = {
    "batch_norm": {6: (93.5, -1), 48: (94.7, -1), 498: (94.6, -2)},
    "skip_init_root": {6: (93.0, -2), 48: (94.2, -1), 498: (94.2, -1)},
    "skip_init_0": {6: (93.3, -2), 48: (94.2, -2), 498: (94.3, -2)},
    "skip_init_1": {6: (93.0, -2)},
    "over_root_two": {6: (92.4, -2), 48: (88.9, -5)},
    "skip_init_0, no L2": {6: (89.8, -3), 48: (91.7, -2), 498: (92.1, -2)},
}
"""Test accuracy in percent and log2 of the best rate by blocks: Wide-ResNets of 16, 100, 1000 layers.

A network that is not there did not train.
"""

SOURCE = "paper's table, version 1, CIFAR-10"
CHOSEN = "at the rate of smallest validation error"


def printed(what: str, form: str, blocks: int = 48) -> Reported:
    """The test accuracy of the table; `what` says of which network."""
    return Reported(
        metric=f"test accuracy of {what}, {2 * blocks + 4} layers (%)",
        value=TABLE[form][blocks][0],
        source="table of version 1, CIFAR-10",
    )


def printed_rate(form: str, blocks: int) -> Reported:
    """The best rate of the table."""
    return Reported(
        metric=f"best rate, {2 * blocks + 4} layers",
        value=2.0 ** TABLE[form][blocks][1],
        source="table of version 1, CIFAR-10",
    )


def errors_by_depth(title: str, *forms: str) -> Curve:
    """Test error against the number of blocks, with the paper's."""
    return Curve(
        x="depth",
        y="test_error",
        hue="form",
        best="validation_error",
        log_x=True,
        scale=100.0,
        x_label="residual blocks",
        y_label=f"test error (%), {CHOSEN}",
        title=title,
        overlay=tuple(
            Overlay(
                points={blocks: _error(form, blocks) for blocks in TABLE[form]},
                source=SOURCE,
                line=form,
            )
            for form in forms
        ),
    )


def rates_by_depth(title: str, form: str) -> Curve:
    """The best rate against the number of blocks, with the paper's."""
    return Curve(
        x="depth",
        y="learning_rate",
        hue="form",
        best="validation_error",
        log_x=True,
        log_y=True,
        x_label="residual blocks",
        y_label="rate of smallest validation error",
        title=title,
        overlay=(
            Overlay(
                points={blocks: 2.0**rate for blocks, (_, rate) in TABLE[form].items()},
                source=SOURCE,
                line=form,
            ),
        ),
    )


def error_dots(title: str, *forms: str, hue: str = "form", **rows: str) -> Dots:
    """Test error of each arm, with the paper's of 100 layers for these forms.

    `rows` gives arms of other names their rows of TABLE.
    """
    named = {**dict(zip(forms, forms, strict=True)), **rows}
    points: dict[float | str, float] = {row: _error(form, 48) for row, form in named.items()}
    return Dots(
        y="test_error",
        hue=hue,
        best="validation_error",
        scale=100.0,
        y_label=f"test error (%), {CHOSEN}",
        title=title,
        overlay=(Overlay(points=points, source=f"{SOURCE}, 100 layers"),) if points else (),
    )


def _error(form: str, blocks: int) -> float:
    return round(100 - TABLE[form][blocks][0], 1)


def against_batch_size(y: str, title: str) -> Curve:
    """The best rate, or the test error at it, against the batch size: axes of the paper's section 4."""
    rate = y == "learning_rate"
    return Curve(
        x="batch_size",
        y=y,
        hue="form",
        best="validation_error",
        log_x=True,
        log_y=rate,
        scale=1.0 if rate else 100.0,
        y_label="rate of smallest validation error" if rate else f"test error (%), {CHOSEN}",
        title=title,
    )


def by_rate(title: str, *, y: str = "test_error", hue: str = "form") -> Band:
    """Test error, or another series, against the learning rate."""
    return Band(
        series=y,
        hue=hue,
        x="learning_rate",
        log_x=True,
        x_label="learning rate",
        y_label=y.replace("_", " "),
        title=title,
    )
