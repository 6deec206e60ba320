"""Histogram: how the numbers of a recorded series are distributed, or how heavy their tail is."""

from collections.abc import Mapping, Sequence
from functools import partial
from textwrap import fill

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bnref.evidence.figure import Histogram
from bnref.evidence.question import Question
from bnref.evidence.record import Record
from bnref.report import canvas, overlay, words
from bnref.report.drawing import Sketch, Table, counted, quantile
from bnref.report.lines import Line, Run, by_line, diverged, height, label, legend_title, look, runs

SHARES = (0.5, 0.9, 0.99, 0.999, 1.0)
Numbers = Mapping[Line, Sequence[float]]


def sketch(
    path: str, figure: Histogram, question: Question, records: Mapping[str, Record]
) -> Sketch:
    """A panel per line with its density and its own range, or all tails on logarithmic axes."""
    found = runs(question, records, figure.hue)
    numbers = {line: _pooled(figure, own) for line, own in by_line(found).items()}
    x_label = figure.x_label or label(figure.series)
    title = figure.title or words.capital(f"distribution of {x_label}")
    seeds = counted(len({run.record.cell.seed for run in found}), "seed")
    what = "Share of numbers whose size exceeds x" if figure.tail else "Density"
    caption = (
        f"{question.id}: {title}. {what}, the recorded numbers of {seeds} together. "
        f"{diverged(found)}.{overlay.told(figure.overlay)}"
    )
    plot = partial(_plot, figure, numbers, title, x_label)
    return Sketch(path, title, caption, _table(figure, numbers, x_label), plot)


def _plot(figure: Histogram, numbers: Numbers, title: str, x_label: str) -> Figure:
    lines = list(numbers)
    if figure.tail:
        page, panels = canvas.blank(height(lines))
        _tails(panels[0], numbers)
        overlay.draw(panels[0], figure.overlay, lines)
        panels[0].set(title=fill(title, 60), ylabel="share of sizes above x")
    else:
        page, panels = canvas.blank(0.6 + 1.7 * len(lines), len(lines))
        for axes, line in zip(panels, lines, strict=True):
            _density(axes, figure, line, lines, numbers[line])
        panels[len(panels) // 2].set_ylabel("density")
    panels[-1].set_xlabel(f"size of {x_label}" if figure.tail else x_label)
    if (figure.tail and len(lines) > 1) or figure.overlay:
        named = legend_title(figure.hue) if figure.tail else None
        page.legend(loc="outside right upper", borderaxespad=1.5, title=named)
    return page


def _pooled(figure: Histogram, found: Sequence[Run]) -> list[float]:
    values = [value for run in found for value in run.record.series.get(figure.series, ())]
    return sorted(map(abs, values) if figure.tail else values)


def _tails(axes: Axes, numbers: Numbers) -> None:
    for line, values in numbers.items():
        positive = [value for value in values if value > 0]
        above = [1 - rank / len(positive) for rank in range(len(positive))]
        color, dash = (look(line, list(numbers))[key] for key in ("color", "linestyle"))
        axes.step(positive, above, where="post", color=color, linestyle=dash, label=line.name)
    if any(values and values[-1] > 0 for values in numbers.values()):
        axes.set(xscale="log", yscale="log")
    else:
        axes.text(0.5, 0.5, "no run recorded it", transform=axes.transAxes, ha="center")


def _density(
    axes: Axes, figure: Histogram, line: Line, lines: Sequence[Line], values: Sequence[float]
) -> None:
    color = look(line, lines)["color"]
    if values:
        axes.hist(values, figure.bins, density=True, color=color, alpha=0.35, linewidth=0)
        axes.hist(values, figure.bins, density=True, color=color, histtype="step", linewidth=1.2)
    else:
        axes.text(0.5, 0.5, "no run recorded it", transform=axes.transAxes, ha="center")
    own = [one for one in figure.overlay if one.line in ("", line.hue)]
    overlay.draw(axes, own, lines)
    axes.set_title(line.name, fontsize=9)


def _table(figure: Histogram, numbers: Numbers, x_label: str) -> Table:
    shares = SHARES if figure.tail else (0.0, 0.25, 0.5, 0.75, 1.0)
    rows = tuple(
        (
            line.name,
            *(words.number(quantile(values, share), 4) if values else "–" for share in shares),
            str(len(values)),
        )
        for line, values in numbers.items()
    )
    head = (label(figure.hue), *(f"{100 * share:g} %" for share in shares), "numbers")
    what = f"size of {x_label}" if figure.tail else x_label
    return Table(f"Quantiles of {what}, all seeds together", head, rows)
