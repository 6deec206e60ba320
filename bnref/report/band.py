"""Band: a recorded series, median and quartiles over seeds at every index, a line per arm."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from textwrap import fill

import numpy as np
from matplotlib.figure import Figure

from bnref.evidence.figure import Band
from bnref.evidence.question import Question
from bnref.evidence.record import Record
from bnref.report import canvas, overlay, words
from bnref.report.drawing import Sketch, Table, counted
from bnref.report.lines import Line, Run, by_line, diverged, height, label, legend_title, look, runs

SHOWN = 20
"""Rows that the data table gives a line; longer series are thinned evenly, ends included."""


@dataclass(frozen=True)
class Step:
    """One index of a line: where it is, quartiles over the seeds that reached it, and how many."""

    x: float
    low: float
    middle: float
    high: float
    seeds: int


def sketch(path: str, figure: Band, question: Question, records: Mapping[str, Record]) -> Sketch:
    """Median line with its band of quartiles; a diverged run counts as far as it was recorded."""
    found = runs(question, records, figure.hue)
    y_label = figure.y_label or label(figure.series)
    x_label = figure.x_label or (label(figure.x) if figure.x else "index")
    title = figure.title or words.capital(f"{y_label} against {x_label}")
    seeds = len({run.record.cell.seed for run in found})
    silent = sum(not run.record.series.get(figure.series) for run in found)
    caption = (
        f"{question.id}: {title}. Line: median over {counted(seeds, 'seed')}; band: quartiles. "
        f"{diverged(found)}"
        + (f"; {silent} recorded no {label(figure.series)}." if silent else ".")
        + overlay.told(figure.overlay)
    )
    lines = {line: steps(figure.series, figure.x, own) for line, own in by_line(found).items()}
    plot = partial(_plot, figure, lines, title, x_label, y_label)
    return Sketch(path, title, caption, _table(figure, lines, x_label, y_label), plot)


def _plot(
    figure: Band, lines: Mapping[Line, Sequence[Step]], title: str, x_label: str, y_label: str
) -> Figure:
    page, (axes,) = canvas.blank(height(list(lines)))
    for line, path in lines.items():
        if not path:
            continue
        style = look(line, list(lines))
        at = [step.x for step in path]
        low, high = [step.low for step in path], [step.high for step in path]
        axes.fill_between(at, low, high, color=style["color"], alpha=0.16, linewidth=0)
        every = max(1, len(at) // 8)
        middle = [step.middle for step in path]
        axes.plot(at, middle, label=line.name, markevery=every, **style)
    if not any(lines.values()):
        text = "no run recorded this series"
        axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center")
    drawn = [step for path in lines.values() for step in path]
    if figure.log_y and drawn and min(step.low for step in drawn) > 0:
        axes.set_yscale("log")
    if figure.log_x and drawn and min(step.x for step in drawn) > 0:
        axes.set_xscale("log")
    overlay.draw(axes, figure.overlay, list(lines))
    axes.set(title=fill(title, 60), xlabel=x_label, ylabel=fill(y_label, 42))
    if sum(bool(path) for path in lines.values()) > 1 or figure.overlay:
        page.legend(loc="outside right upper", borderaxespad=1.5, title=legend_title(figure.hue))
    return page


def steps(name: str, x_name: str, found: Sequence[Run]) -> list[Step]:
    """The line of a series of some runs: runs that end early are left out from there on.

    `x_name` is the series of the abscissa; the index where it is empty.
    """
    series = [run.record.series for run in found if run.record.series.get(name)]
    ys = [one[name] for one in series]
    xs = [one.get(x_name, [])[: len(one[name])] for one in series]
    length = max(map(len, ys), default=0)
    (low, middle, high), seeds = _by_index(ys, length, (0.25, 0.5, 0.75))
    (at,), known = _by_index(xs, length, (0.5,))
    found_x = (x if count else float(i) for i, (x, count) in enumerate(zip(at, known, strict=True)))
    line = [Step(*numbers) for numbers in zip(found_x, low, middle, high, seeds, strict=True)]
    return sorted(line, key=lambda step: step.x) if x_name else line


def _by_index(
    rows: Sequence[Sequence[float]], length: int, shares: Sequence[float]
) -> tuple[list[list[float]], list[int]]:
    """At every index the quantiles of those rows that reach it, NaN where none does, and how many.

    The same numbers as `quantile` gives, all indices at once: thousands of seeds are the slow part.
    """
    table = np.full((len(rows), length), np.nan)
    for place, row in enumerate(rows):
        table[place, : len(row)] = row
    table.sort(axis=0)  # NaN comes last
    count = len(rows) - np.isnan(table).sum(axis=0)
    last, columns = np.maximum(count - 1, 0), np.arange(length)
    found = []
    for share in shares:
        place = share * last
        below = place.astype(int)
        low, high = table[below, columns], table[np.minimum(below + 1, last), columns]
        found.append((low + (place - below) * (high - low)).tolist())
    return found, count.tolist()


def thinned(path: Sequence[Step]) -> list[Step]:
    """At most twenty steps of a line, evenly, ends included."""
    count = min(SHOWN, len(path))
    chosen = {round(i * (len(path) - 1) / max(count - 1, 1)) for i in range(count)}
    return [path[index] for index in sorted(chosen)]


def _table(figure: Band, lines: Mapping[Line, Sequence[Step]], x_label: str, y_label: str) -> Table:
    rows = []
    for line, path in lines.items():
        for step in thinned(path):
            numbers = (words.number(v, 4) for v in (step.x, step.middle, step.low, step.high))
            rows.append((line.name, *numbers, str(step.seeds)))
    few = all(len(path) <= SHOWN for path in lines.values())
    return Table(
        f"{y_label} by {x_label}, over seeds" + ("" if few else ", every few steps"),
        (label(figure.hue), x_label, "median", "lower quartile", "upper quartile", "seeds"),
        tuple(rows),
    )
