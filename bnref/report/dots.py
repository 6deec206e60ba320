"""Dots: a metric of every arm, a row each, as a table of a paper has them; seeds are joined."""

from collections.abc import Mapping, Sequence
from functools import partial
from textwrap import fill

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bnref.evidence.figure import Dots
from bnref.evidence.question import Question
from bnref.evidence.record import Record
from bnref.report import canvas, overlay, words
from bnref.report.canvas import FAINT
from bnref.report.drawing import Sketch, Table, counted
from bnref.report.lines import Line, Run, by_line, diverged, label, look, ordinate, runs
from bnref.report.spread import MOST_SEEDS, Spread, spread, told

Rows = Mapping[Line, Mapping[int, float]]
"""The value of every seed, line by line; none where a run does not report the metric."""
Spreads = Mapping[Line, Spread | None]


def sketch(path: str, figure: Dots, question: Question, records: Mapping[str, Record]) -> Sketch:
    """Every seed a faint dot joined over the arms, because arms are paired; median and quartiles."""
    found = runs(question, records, figure.hue)
    own = by_line(found)
    rows = {line: _values(figure, own[line]) for line in own}
    y_label = figure.y_label or label(figure.y)
    title = figure.title or words.capital(f"{y_label} by {label(figure.hue)}")
    seeds = len({run.record.cell.seed for run in found})
    many = seeds > MOST_SEEDS
    spreads = {
        line: spread(list(row.values()), many) if row else None for line, row in rows.items()
    }
    caption = (
        f"{question.id}: {title}. Filled: median over {counted(seeds, 'seed')}; bar: quartiles; "
        + (
            "thin bar: 5 % to 95 %; faint points: seeds outside it. "
            if many
            else "thin lines join the runs of a seed. "
        )
        + f"{diverged(found)}.{overlay.told(figure.overlay)}"
    )
    plot = partial(_page, figure, spreads, {} if many else rows, title, y_label)
    return Sketch(path, title, caption, _table(figure, spreads, own, y_label), plot)


def _values(figure: Dots, found: Sequence[Run]) -> dict[int, float]:
    shown = ((run.record.cell.seed, ordinate(figure, run)) for run in found)
    return {seed: number for seed, number in shown if number is not None}


def _page(figure: Dots, spreads: Spreads, joined: Rows, title: str, y_label: str) -> Figure:
    page, (axes,) = canvas.blank(1.1 + 0.34 * len(spreads) + 0.2 * bool(figure.overlay))
    _join(axes, joined)
    _plot(axes, figure, spreads)
    axes.set(title=fill(title, 60), xlabel=y_label)
    if figure.overlay:
        page.legend(loc="outside right upper", borderaxespad=1.5)
    return page


def _join(axes: Axes, rows: Rows) -> None:
    for seed in sorted({seed for values in rows.values() for seed in values}):
        joined = [(v[seed], place) for place, v in enumerate(rows.values()) if seed in v]
        axes.plot(*zip(*joined, strict=True), color=FAINT, linewidth=0.7, zorder=1)


def _plot(axes: Axes, figure: Dots, spreads: Spreads) -> None:
    for place, (line, here) in enumerate(spreads.items()):
        color, marker = (look(line, list(spreads))[key] for key in ("color", "marker"))
        if here is None:
            continue
        row = [place] * len(here.points)
        axes.scatter(here.points, row, s=9, color=color, alpha=0.35, linewidths=0)
        low, middle, high = here.quartiles
        if here.outer is not None:
            axes.plot(here.outer, [place, place], color=color, linewidth=0.8)
        axes.plot([low, high], [place, place], color=color, linewidth=2.4)
        axes.plot(middle, place, marker=marker, color=color, markersize=6.5, zorder=3)
    for one in figure.overlay:
        points = [
            (value, place)
            for place, line in enumerate(spreads)
            for name, value in one.points.items()
            if label(name) in (label(line.hue), line.name)
        ]
        at, places = [value for value, _ in points], [place for _, place in points]
        axes.plot(
            at, places, linestyle="none", marker="o", markersize=7, markerfacecolor="none",
            markeredgecolor=canvas.INK, zorder=4, label=fill(one.source, 24),
        )  # fmt: skip
    shown = [end for here in spreads.values() if here for end in (*here.points, *here.quartiles)]
    if figure.log and shown and min(shown) > 0:
        axes.set_xscale("log")
    axes.set_yticks(range(len(spreads)), [line.name for line in spreads])
    axes.set_ylim(len(spreads) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")
    if not shown:
        axes.text(0.5, 0.5, "no run reports this metric", transform=axes.transAxes, ha="center")


def _table(
    figure: Dots, spreads: Spreads, found: Mapping[Line, Sequence[Run]], y_label: str
) -> Table:
    lines = []
    for line, here in spreads.items():
        fallen = sum(run.record.diverged for run in found[line])
        lines.append((line.name, *told(here), str(here.seeds if here else 0), str(fallen)))
    head = (
        label(figure.hue), "median", "lower quartile", "upper quartile", "seeds", "diverged",
    )  # fmt: skip
    return Table(f"{y_label}, over seeds", head, tuple(lines))
