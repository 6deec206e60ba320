"""Heat map: series as the rows of a picture, a panel per arm, one scale of colours for all."""

import math
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import takewhile
from statistics import median
from textwrap import fill

from matplotlib.colors import CenteredNorm, LogNorm, Normalize
from matplotlib.figure import Figure

from bnref.evidence.figure import HeatMap
from bnref.evidence.question import Question
from bnref.evidence.record import Record
from bnref.report import canvas, words
from bnref.report.band import steps
from bnref.report.drawing import Sketch, Table, counted
from bnref.report.lines import Line, by_line, diverged, label, runs

ROWS = 12
"""About so many rows are named; others are in between."""
Picture = list[list[float]]
"""Medians over seeds, row by row, NaN where no run recorded any."""


def sketch(path: str, figure: HeatMap, question: Question, records: Mapping[str, Record]) -> Sketch:
    """Medians over seeds as colours: signed numbers around white, others from dark to light."""
    found = runs(question, records, figure.hue)
    pictures: dict[Line, Picture] = {}
    at: list[float] = []
    for line, own in by_line(found).items():
        rows = [steps(name, figure.x, own) for name in figure.series]
        at = max([at, *([step.x for step in row] for row in rows)], key=len)
        pictures[line] = [[step.middle for step in row] for row in rows]
    for picture in pictures.values():
        for row in picture:
            row += [math.nan] * (len(at) - len(row))
    title = figure.title or words.capital(figure.label or "recorded series")
    seeds = counted(len({run.record.cell.seed for run in found}), "seed")
    caption = f"{question.id}: {title}. Colour: median over {seeds}. {diverged(found)}."
    plot = partial(_plot, figure, pictures, at)
    return Sketch(path, title, caption, _table(figure, pictures), plot)


def _plot(figure: HeatMap, pictures: Mapping[Line, Picture], at: Sequence[float]) -> Figure:
    page, panels = canvas.blank(
        0.6 + len(pictures) * min(2.6, 1.0 + 0.12 * len(figure.series)), len(pictures)
    )
    scale, colours = _scale(pictures, figure.log)
    for axes, (line, picture) in zip(panels, pictures.items(), strict=True):
        axes.grid(visible=False)
        if at:
            mesh = axes.pcolormesh(picture, norm=scale, cmap=colours)
            page.colorbar(mesh, ax=axes, label=fill(figure.label, 24), pad=0.015)
        axes.set_title(line.name, fontsize=9)
        every = max(1, round(len(figure.series) / ROWS))
        names = rows_named(figure.series)
        places = range(0, len(names), every)
        axes.set_yticks([p + 0.5 for p in places], [names[p] for p in places], fontsize=7.5)
        ticks = sorted({round(i * (len(at) - 1) / 6) for i in range(7)}) if at else []
        axes.set_xticks([t + 0.5 for t in ticks], [words.number(at[t]) for t in ticks])
        axes.set_ylabel(fill(figure.y_label, 24))
    panels[-1].set_xlabel(figure.x_label or (label(figure.x) if figure.x else "index"))
    return page


def rows_named(series: tuple[str, ...]) -> list[str]:
    """Names of rows without what all of them begin with: "variance_layer_8" is "8"."""
    parts = [name.split("_") for name in series]
    words_of_all = zip(*(part[:-1] for part in parts), strict=False)
    shared = sum(1 for _ in takewhile(lambda heads: len(set(heads)) == 1, words_of_all))
    return [" ".join(part[shared:]) for part in parts]


def _scale(pictures: Mapping[Line, Picture], log: bool) -> tuple[Normalize, str]:
    numbers = [
        v for picture in pictures.values() for row in picture for v in row if not math.isnan(v)
    ]
    low, high = min(numbers, default=0.0), max(numbers, default=1.0)
    if log and low > 0:
        return LogNorm(low, high), "cividis"
    if low < 0 < high:
        return CenteredNorm(0.0, max(-low, high)), "RdBu_r"
    return Normalize(low, high), "cividis"


def _table(figure: HeatMap, pictures: Mapping[Line, Picture]) -> Table:
    rows = []
    for line, picture in pictures.items():
        for name, row in zip(rows_named(figure.series), picture, strict=True):
            known = [value for value in row if not math.isnan(value)]
            told = (known[0], median(known), known[-1]) if known else ()
            numbers = [words.number(value, 4) for value in told] or ["–"] * 3
            rows.append((line.name, name, *numbers))
    head = (label(figure.hue), figure.y_label or "row", "first", "median", "last")
    return Table(f"{figure.label or 'Rows'}: medians over seeds", head, tuple(rows))
