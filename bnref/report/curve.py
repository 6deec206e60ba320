"""Curve: a metric against a parameter of the arms, a line per normaliser (or other parameter)."""

from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import Any

from matplotlib.axes import Axes

from bnref.evidence.cell import Value
from bnref.evidence.figure import Curve
from bnref.evidence.question import Question
from bnref.evidence.record import Record
from bnref.report import canvas, overlay, words
from bnref.report.drawing import Drawing, Table, counted, quantile
from bnref.report.lines import (
    Line,
    Run,
    diverged,
    height,
    label,
    legend_title,
    look,
    order,
    ordinate,
    positions,
    runs,
)

MANY_TICKS = 9


def draw(path: str, figure: Curve, question: Question, records: Mapping[str, Record]) -> Drawing:
    """Median line with quartiles over seeds, every seed as a faint point, divergence marked."""
    found = runs(question, records, figure.hue, figure.x)
    y_label = figure.y_label or label(figure.y)
    x_label = figure.x_label or label(figure.x)
    title = figure.title or words.capital(f"{y_label} against {x_label}")
    seeds = len({run.record.cell.seed for run in found})
    silent = sum(ordinate(figure, run) is None for run in found)
    caption = (
        f"{question.id}: {title}. Line: median over {counted(seeds, 'seed')}; band: quartiles; "
        f"faint points: seeds. {diverged(found)}"
        + (
            f" (× at the top edge: how many at that {x_label}; their points may lie beyond the axis)"
            if _falls(found)
            else ""
        )
        + (
            f"; {silent} report no {label(figure.y)} and are left out of the lines."
            if silent
            else "."
        )
        + overlay.told(figure.overlay)
    )
    table = _table(figure, found, x_label, y_label)
    with canvas.styled():
        page, (axes,) = canvas.blank(height(order(found)))
        _plot(axes, figure, found)
        axes.set(title=fill(title, 60), xlabel=x_label, ylabel=fill(y_label, 42))
        if len(order(found)) > 1 or figure.overlay:
            page.legend(
                loc="outside right upper", borderaxespad=1.5, title=legend_title(figure.hue)
            )
        svg = canvas.svg(page, title, caption)
    return Drawing(path, svg, title, caption, table)


def _values(figure: Curve, found: Sequence[Run]) -> list[float]:
    shown = (ordinate(figure, run) for run in found)
    return [number for number in shown if number is not None]


def _groups(found: Sequence[Run]) -> dict[tuple[Line, Value], list[Run]]:
    """The runs of each line at each abscissa."""
    groups: dict[tuple[Line, Value], list[Run]] = {}
    for run in found:
        groups.setdefault((run.line, run.x), []).append(run)
    return groups


def _falls(found: Sequence[Run]) -> dict[Value, int]:
    fallen: dict[Value, int] = {}
    for run in found:
        if run.record.diverged:
            fallen[run.x] = fallen.get(run.x, 0) + 1
    return fallen


def _plot(axes: Axes, figure: Curve, found: Sequence[Run]) -> None:
    places, named = positions(figure, found)
    lines, groups = order(found), _groups(found)
    step = min(0.12, 0.8 / len(lines)) if named else 0.0  # names: lines stand side by side
    for rank, line in enumerate(lines):
        own = {
            place + step * (rank - (len(lines) - 1) / 2): values
            for x, place in places.items()
            if (values := _values(figure, groups.get((line, x), ())))
        }
        if own:
            _line(axes, own, line.name, look(line, lines), named)
    named_places = {label(x): place for x, place in places.items()} if named else None
    overlay.draw(axes, figure.overlay, lines, named_places)
    if figure.log_x and not named:
        axes.set_xscale("log")
    if figure.log_y:
        axes.set_yscale("log")
    if named or len(places) <= MANY_TICKS:
        axes.set_xticks(list(places.values()), [label(x) for x in places])
        axes.minorticks_off()
    for x, count in _falls(found).items():
        at, text = axes.get_xaxis_transform(), f"×{count}"
        axes.text(places[x], 1.0, text, transform=at, ha="center", va="bottom", fontsize=7.5)
    if not _values(figure, found):
        axes.text(0.5, 0.5, "no run reports this metric", transform=axes.transAxes, ha="center")
    else:
        axes.set_ylim(*_limits(figure, found))


def _line(
    axes: Axes, own: Mapping[float, Sequence[float]], name: str, style: dict[str, Any], named: bool
) -> None:
    color = style["color"]
    xs = [at for at, values in own.items() for _ in values]
    ys = [value for values in own.values() for value in values]
    axes.scatter(xs, ys, s=9, color=color, alpha=0.3, linewidths=0)
    at = sorted(own)
    low, middle, high = ([quantile(own[x], share) for x in at] for share in (0.25, 0.5, 0.75))
    if named:
        axes.vlines(at, low, high, color=color, linewidth=1.4)
        style = {**style, "linestyle": "none"}
    else:
        axes.fill_between(at, low, high, color=color, alpha=0.16, linewidth=0)
    axes.plot(at, middle, label=name, **style)


def _limits(figure: Curve, found: Sequence[Run]) -> tuple[float, float]:
    """Room for every line and every run that did not diverge; what lies beyond is counted."""
    shown = _values(figure, [run for run in found if not run.record.diverged])
    for runs_here in _groups(found).values():
        values = _values(figure, runs_here)
        shown += [quantile(values, share) for share in (0.25, 0.75)] if values else []
    shown += [value for one in figure.overlay for value in one.points.values()]
    if figure.log_y:
        return min(shown) / 1.2, max(shown) * 1.2
    pad = 0.06 * (max(shown) - min(shown)) or 0.5
    return min(shown) - pad, max(shown) + pad


def _table(figure: Curve, found: Sequence[Run], x_label: str, y_label: str) -> Table:
    rows = []
    groups = _groups(found)
    for line in order(found):
        for x in dict.fromkeys(run.x for run in found):
            here = groups.get((line, x))
            if here is None:
                continue
            values = _values(figure, here)
            quartiles = (
                tuple(words.number(quantile(values, share), 4) for share in (0.5, 0.25, 0.75))
                if values
                else ("–", "–", "–")
            )
            fallen = str(sum(run.record.diverged for run in here))
            rows.append((line.name, label(x), *quartiles, str(len(values)), fallen))
    return Table(
        f"{y_label} by {x_label}, over seeds",
        (
            label(figure.hue),
            x_label,
            "median",
            "lower quartile",
            "upper quartile",
            "seeds",
            "diverged",
        ),
        tuple(rows),
    )
