"""Curve: a metric against a parameter of the arms, a line per normaliser (or other parameter)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from textwrap import fill
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bnref.evidence.cell import Value
from bnref.evidence.figure import Curve
from bnref.evidence.question import Question
from bnref.evidence.record import Record
from bnref.report import canvas, overlay, words
from bnref.report.drawing import Sketch, Table, counted
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
from bnref.report.spread import MOST_SEEDS, Spread, spread, told

MANY_TICKS = 9


Spreads = Mapping[Line, Mapping[Value, Spread]]
"""By abscissa in the order of the claim's arms; there is none where no run reports the metric."""


@dataclass(frozen=True)
class Numbers:
    """All that is plotted. `falls` counts the runs that diverged, `calm` are the ends of the rest."""

    spreads: Spreads
    places: Mapping[Value, float]
    named: bool
    falls: Mapping[Value, int]
    calm: Sequence[float]


def sketch(path: str, figure: Curve, question: Question, records: Mapping[str, Record]) -> Sketch:
    """Median line with quartiles over seeds, seeds as faint points, divergence marked."""
    found = runs(question, records, figure.hue, figure.x)
    y_label = figure.y_label or label(figure.y)
    x_label = figure.x_label or label(figure.x)
    title = figure.title or words.capital(f"{y_label} against {x_label}")
    seeds = len({run.record.cell.seed for run in found})
    silent = sum(ordinate(figure, run) is None for run in found)
    many = seeds > MOST_SEEDS
    falls = _falls(found)
    caption = (
        f"{question.id}: {title}. Line: median over {counted(seeds, 'seed')}; band: quartiles; "
        + (
            "lighter band: 5 % to 95 %; faint points: seeds outside it"
            if many
            else "faint points: seeds"
        )
        + f". {diverged(found)}"
        + (
            f" (× at the top edge: how many at that {x_label}; their points may lie beyond the axis)"
            if falls
            else ""
        )
        + (
            f"; {silent} report no {label(figure.y)} and are left out of the lines."
            if silent
            else "."
        )
        + overlay.told(figure.overlay)
    )
    groups = _groups(found)
    places, named = positions(figure, found)
    spreads = {
        line: {
            x: spread(values, many)
            for x in places
            if (values := _values(figure, groups.get((line, x), ())))
        }
        for line in order(found)
    }
    calm = _values(figure, [run for run in found if not run.record.diverged])
    numbers = Numbers(spreads, places, named, falls, (min(calm), max(calm)) if calm else ())
    plot = partial(_page, figure, numbers, title, x_label, y_label)
    return Sketch(path, title, caption, _table(figure, groups, spreads, x_label, y_label), plot)


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


def _page(figure: Curve, numbers: Numbers, title: str, x_label: str, y_label: str) -> Figure:
    lines = list(numbers.spreads)
    page, (axes,) = canvas.blank(height(lines))
    _plot(axes, figure, numbers)
    axes.set(title=fill(title, 60), xlabel=x_label, ylabel=fill(y_label, 42))
    if len(lines) > 1 or figure.overlay:
        page.legend(loc="outside right upper", borderaxespad=1.5, title=legend_title(figure.hue))
    return page


def _plot(axes: Axes, figure: Curve, numbers: Numbers) -> None:
    places, named, lines = numbers.places, numbers.named, list(numbers.spreads)
    step = min(0.12, 0.8 / len(lines)) if named else 0.0  # names: lines stand side by side
    for rank, (line, spreads) in enumerate(numbers.spreads.items()):
        aside = step * (rank - (len(lines) - 1) / 2)
        own = {places[x] + aside: here for x, here in spreads.items()}
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
    for x, count in numbers.falls.items():
        at, text = axes.get_xaxis_transform(), f"×{count}"
        axes.text(places[x], 1.0, text, transform=at, ha="center", va="bottom", fontsize=7.5)
    if not any(numbers.spreads.values()):
        axes.text(0.5, 0.5, "no run reports this metric", transform=axes.transAxes, ha="center")
    else:
        axes.set_ylim(*_limits(figure, numbers))


def _line(
    axes: Axes, own: Mapping[float, Spread], name: str, style: dict[str, Any], named: bool
) -> None:
    color = style["color"]
    xs = [at for at, here in own.items() for _ in here.points]
    ys = [value for here in own.values() for value in here.points]
    axes.scatter(xs, ys, s=9, color=color, alpha=0.3, linewidths=0)
    at = sorted(own)
    low, middle, high = zip(*(own[x].quartiles for x in at), strict=True)
    outer = [ends for x in at if (ends := own[x].outer) is not None]
    least, most = [end for end, _ in outer], [end for _, end in outer]
    if named:
        if outer:
            axes.vlines(at, least, most, color=color, linewidth=0.7)
        axes.vlines(at, low, high, color=color, linewidth=1.4)
        style = {**style, "linestyle": "none"}
    else:
        if outer:
            axes.fill_between(at, least, most, color=color, alpha=0.08, linewidth=0)
        axes.fill_between(at, low, high, color=color, alpha=0.16, linewidth=0)
    axes.plot(at, middle, label=name, **style)


def _limits(figure: Curve, numbers: Numbers) -> tuple[float, float]:
    """Room for every line and every run that did not diverge; what lies beyond is counted."""
    shown = list(numbers.calm)
    for spreads in numbers.spreads.values():
        shown += [end for one in spreads.values() for end in one.quartiles[::2]]
    shown += [value for one in figure.overlay for value in one.points.values()]
    if figure.log_y:
        return min(shown) / 1.2, max(shown) * 1.2
    pad = 0.06 * (max(shown) - min(shown)) or 0.5
    return min(shown) - pad, max(shown) + pad


def _table(
    figure: Curve,
    groups: Mapping[tuple[Line, Value], Sequence[Run]],
    spreads: Spreads,
    x_label: str,
    y_label: str,
) -> Table:
    rows = []
    for line in spreads:
        for x in dict.fromkeys(x for _, x in groups):
            here = groups.get((line, x))
            if here is None:
                continue
            values = spreads[line].get(x)
            fallen = str(sum(run.record.diverged for run in here))
            seeds = str(values.seeds if values else 0)
            rows.append((line.name, label(x), *told(values), seeds, fallen))
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
