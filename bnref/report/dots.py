"""Dots: a metric of every arm, a row each, as a table of a paper has them; seeds are joined."""

from collections.abc import Mapping, Sequence
from textwrap import fill

from matplotlib.axes import Axes

from bnref.evidence.figure import Dots
from bnref.evidence.question import Question
from bnref.evidence.record import Record
from bnref.report import canvas, overlay, words
from bnref.report.canvas import FAINT
from bnref.report.drawing import Drawing, Table, counted, quantile
from bnref.report.lines import Line, Run, diverged, label, look, order, ordinate, runs

Rows = Mapping[Line, Mapping[int, float]]


def draw(path: str, figure: Dots, question: Question, records: Mapping[str, Record]) -> Drawing:
    """Every seed a faint dot joined over the arms, because arms are paired; median and quartiles."""
    found = runs(question, records, figure.hue)
    rows = {line: _values(figure, [r for r in found if r.line == line]) for line in order(found)}
    y_label = figure.y_label or label(figure.y)
    title = figure.title or words.capital(f"{y_label} by {label(figure.hue)}")
    seeds = counted(len({run.record.cell.seed for run in found}), "seed")
    caption = (
        f"{question.id}: {title}. Filled: median over {seeds}; bar: quartiles; thin lines join the "
        f"runs of a seed. {diverged(found)}.{overlay.told(figure.overlay)}"
    )
    with canvas.styled():
        page, (axes,) = canvas.blank(1.1 + 0.34 * len(rows) + 0.2 * bool(figure.overlay))
        _plot(axes, figure, rows)
        axes.set(title=fill(title, 60), xlabel=y_label)
        if figure.overlay:
            page.legend(loc="outside right upper", borderaxespad=1.5)
        svg = canvas.svg(page, title, caption)
    return Drawing(path, svg, title, caption, _table(figure, rows, found, y_label))


def _values(figure: Dots, found: Sequence[Run]) -> dict[int, float]:
    shown = ((run.record.cell.seed, ordinate(figure, run)) for run in found)
    return {seed: number for seed, number in shown if number is not None}


def _plot(axes: Axes, figure: Dots, rows: Rows) -> None:
    for seed in sorted({seed for values in rows.values() for seed in values}):
        joined = [(v[seed], place) for place, v in enumerate(rows.values()) if seed in v]
        axes.plot(*zip(*joined, strict=True), color=FAINT, linewidth=0.7, zorder=1)
    for place, (line, values) in enumerate(rows.items()):
        color, marker = (look(line, list(rows))[key] for key in ("color", "marker"))
        if not values:
            continue
        spread = list(values.values())
        axes.scatter(spread, [place] * len(spread), s=9, color=color, alpha=0.35, linewidths=0)
        low, middle, high = (quantile(spread, share) for share in (0.25, 0.5, 0.75))
        axes.plot([low, high], [place, place], color=color, linewidth=2.4)
        axes.plot(middle, place, marker=marker, color=color, markersize=6.5, zorder=3)
    for one in figure.overlay:
        points = [
            (value, place)
            for place, line in enumerate(rows)
            for name, value in one.points.items()
            if label(name) in (label(line.hue), line.name)
        ]
        at, places = [value for value, _ in points], [place for _, place in points]
        axes.plot(
            at, places, linestyle="none", marker="o", markersize=7, markerfacecolor="none",
            markeredgecolor=canvas.INK, zorder=4, label=fill(one.source, 24),
        )  # fmt: skip
    shown = [value for values in rows.values() for value in values.values()]
    if figure.log and shown and min(shown) > 0:
        axes.set_xscale("log")
    axes.set_yticks(range(len(rows)), [line.name for line in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")
    if not shown:
        axes.text(0.5, 0.5, "no run reports this metric", transform=axes.transAxes, ha="center")


def _table(figure: Dots, rows: Rows, found: Sequence[Run], y_label: str) -> Table:
    lines = []
    for line, values in rows.items():
        spread = list(values.values())
        quartiles = [
            words.number(quantile(spread, share), 4) if spread else "–"
            for share in (0.5, 0.25, 0.75)
        ]
        fallen = sum(run.record.diverged for run in found if run.line == line)
        lines.append((line.name, *quartiles, str(len(values)), str(fallen)))
    head = (
        label(figure.hue), "median", "lower quartile", "upper quartile", "seeds", "diverged",
    )  # fmt: skip
    return Table(f"{y_label}, over seeds", head, tuple(lines))
