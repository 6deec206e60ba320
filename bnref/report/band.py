"""Band: a recorded series, median and quartiles over seeds at every index, a line per arm."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import fill

from bnref.evidence.figure import Band
from bnref.evidence.question import Question
from bnref.evidence.record import Record
from bnref.report import canvas, overlay, words
from bnref.report.drawing import Drawing, Table, counted, quantile
from bnref.report.lines import Line, Run, diverged, height, label, legend_title, look, order, runs

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


def draw(path: str, figure: Band, question: Question, records: Mapping[str, Record]) -> Drawing:
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
    groups: dict[Line, list[Run]] = {line: [] for line in order(found)}
    for run in found:
        groups[run.line].append(run)
    lines = {line: steps(figure.series, figure.x, here) for line, here in groups.items()}
    with canvas.styled():
        page, (axes,) = canvas.blank(height(list(lines)))
        for line, path_ in lines.items():
            if not path_:
                continue
            style = look(line, list(lines))
            at = [step.x for step in path_]
            low, high = [step.low for step in path_], [step.high for step in path_]
            axes.fill_between(at, low, high, color=style["color"], alpha=0.16, linewidth=0)
            every = max(1, len(at) // 8)
            middle = [step.middle for step in path_]
            axes.plot(at, middle, label=line.name, markevery=every, **style)
        if not any(lines.values()):
            text = "no run recorded this series"
            axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center")
        drawn = [step for path_ in lines.values() for step in path_]
        if figure.log_y and drawn and min(step.low for step in drawn) > 0:
            axes.set_yscale("log")
        if figure.log_x and drawn and min(step.x for step in drawn) > 0:
            axes.set_xscale("log")
        overlay.draw(axes, figure.overlay, list(lines))
        axes.set(title=fill(title, 60), xlabel=x_label, ylabel=fill(y_label, 42))
        if sum(bool(path_) for path_ in lines.values()) > 1 or figure.overlay:
            page.legend(
                loc="outside right upper", borderaxespad=1.5, title=legend_title(figure.hue)
            )
        svg = canvas.svg(page, title, caption)
    return Drawing(path, svg, title, caption, _table(figure, lines, x_label, y_label))


def steps(name: str, x_name: str, found: Sequence[Run]) -> list[Step]:
    """The line of a series of some runs: runs that end early are left out from there on.

    `x_name` is the series of the abscissa; the index where it is empty.
    """
    series = [run.record.series for run in found if run.record.series.get(name)]
    ends = sorted(((v[name], v.get(x_name, ())) for v in series), key=lambda pair: len(pair[0]))
    line = []
    for index in range(len(ends[-1][0]) if ends else 0):
        while len(ends[0][0]) <= index:
            del ends[0]
        at = [xs[index] for _, xs in ends if len(xs) > index] if x_name else []
        y = sorted(values[index] for values, _ in ends)
        x = quantile(at, 0.5) if at else float(index)
        line.append(Step(x, quantile(y, 0.25), quantile(y, 0.5), quantile(y, 0.75), len(y)))
    return sorted(line, key=lambda step: step.x) if x_name else line


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
