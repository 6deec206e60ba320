"""Traces: several series of a run together, as a panel of lines per arm or as shaded room."""

from collections.abc import Mapping, Sequence
from functools import partial
from textwrap import fill

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bnref.evidence.figure import Traces
from bnref.evidence.question import Question
from bnref.evidence.record import Record
from bnref.report import canvas, words
from bnref.report.band import Step, steps, thinned
from bnref.report.drawing import Sketch, Table, counted
from bnref.report.lines import Line, by_line, diverged, height, label, legend_title, look, runs

Paths = Mapping[Line, Mapping[str, Sequence[Step]]]


def sketch(path: str, figure: Traces, question: Question, records: Mapping[str, Record]) -> Sketch:
    """Medians over seeds of every series; with `shade` the room between the first and the last."""
    found = runs(question, records, figure.hue)
    paths = {
        line: {name: steps(name, figure.x, own) for name in figure.series}
        for line, own in by_line(found).items()
    }
    names = ", ".join(label(name) for name in figure.series)
    y_label = figure.y_label or names
    x_label = figure.x_label or (label(figure.x) if figure.x else "index")
    title = figure.title or words.capital(f"{y_label} against {x_label}")
    seeds = counted(len({run.record.cell.seed for run in found}), "seed")
    what = f"shaded from {names.replace(', ', ' to ')}" if figure.shade else f"lines: {names}"
    caption = f"{question.id}: {title}. Medians over {seeds}, {what}. {diverged(found)}."
    plot = partial(_plot, figure, paths, title, x_label, y_label)
    return Sketch(path, title, caption, _table(figure, paths, x_label, y_label), plot)


def _plot(figure: Traces, paths: Paths, title: str, x_label: str, y_label: str) -> Figure:
    tall = height(list(paths)) if figure.shade else 0.6 + 1.9 * len(paths)
    page, panels = canvas.blank(tall, 1 if figure.shade else len(paths))
    if figure.shade:
        _shaded(panels[0], paths)
    else:
        _panels(panels, paths)
    for axes in panels:
        _axes(axes, figure, paths)
    panels[-1].set_xlabel(x_label)
    panels[len(panels) // 2].set_ylabel(fill(y_label, 42))
    if figure.shade:
        panels[0].set_title(fill(title, 60))
    handles, told = panels[0].get_legend_handles_labels()
    if len(told) > 1:
        named = legend_title(figure.hue) if figure.shade else None
        page.legend(handles, told, loc="outside right upper", borderaxespad=1.5, title=named)
    return page


def _shaded(axes: Axes, paths: Paths) -> None:
    for line, found in paths.items():
        ends = [path for path in found.values() if path]
        if len(ends) < 2:
            continue
        color = look(line, list(paths))["color"]
        pairs = list(zip(ends[0], ends[-1], strict=False))
        at, low = [one.x for one, _ in pairs], [one.middle for one, _ in pairs]
        high = [one.middle for _, one in pairs]
        axes.fill_between(at, low, high, color=color, alpha=0.35, linewidth=0.8, label=line.name)


def _panels(panels: Sequence[Axes], paths: Paths) -> None:
    for axes, (line, found) in zip(panels, paths.items(), strict=True):
        color = look(line, list(paths))["color"]
        for rank, (name, path) in enumerate(found.items()):
            at, middle = [step.x for step in path], [step.middle for step in path]
            dash = canvas.DASHES[rank % len(canvas.DASHES)]
            axes.plot(at, middle, color=color, linestyle=dash, label=label(name))
        axes.set_title(line.name, fontsize=9)


def _axes(axes: Axes, figure: Traces, paths: Paths) -> None:
    """One range for all panels, so that they can be compared by eye."""
    drawn = [step for found in paths.values() for path in found.values() for step in path]
    if not drawn:
        axes.text(0.5, 0.5, "no run recorded it", transform=axes.transAxes, ha="center")
        return
    low, high = (bound(step.middle for step in drawn) for bound in (min, max))
    if figure.log_y and low > 0:
        axes.set_yscale("log")
        axes.set_ylim(low / 1.2, high * 1.2)
    else:
        pad = 0.06 * (high - low) or 0.5
        axes.set_ylim(low - pad, high + pad)
    if figure.log_x and min(step.x for step in drawn) > 0:
        axes.set_xscale("log")


def _table(figure: Traces, paths: Paths, x_label: str, y_label: str) -> Table:
    rows = tuple(
        (line.name, label(name), words.number(step.x, 4), words.number(step.middle, 4))
        for line, found in paths.items()
        for name, path in found.items()
        for step in thinned(path)
    )
    head = (label(figure.hue), "series", x_label, "median")
    return Table(f"{y_label} by {x_label}, median over seeds", head, rows or (("–",) * 4,))
