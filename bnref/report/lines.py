"""Which runs of a claim make up one line of a figure, how it is called and how it looks."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from bnref.evidence.cell import Value
from bnref.evidence.claim import factory_name
from bnref.evidence.figure import Curve, Dots
from bnref.evidence.question import Question
from bnref.evidence.record import Record
from bnref.report.canvas import DASHES, MARKERS, PALETTE

HOUSE = {"batch_norm": 0, "group_norm": 1, "layer_norm": 2, "instance_norm": 3, "identity": 7}
"""Our normalisers look the same in every figure; other names get what these leave free."""


class Line(NamedTuple):
    """What the runs of a line share: the value of the hue, and of parameters that part it further."""

    hue: str
    rest: str = ""

    @property
    def name(self) -> str:
        """What the legend calls it."""
        hue = "no normaliser" if self.hue == "identity" else self.hue
        return ", ".join(part.replace("_", " ") for part in (hue, self.rest) if part)


class Run(NamedTuple):
    """One record with the abscissa and the line that it belongs to."""

    line: Line
    x: Value
    record: Record


def runs(question: Question, records: Mapping[str, Record], hue: str, x: str = "") -> list[Run]:
    """Every run of the question. Runs of one hue, x and seed that differ otherwise part the line.

    A hue that the arms do not have is their name, which parts them by itself.
    """
    cells = question.cells()
    arms = {id(p.arm): (p.arm.name, p.cell.arm) for p in cells}  # many seeds have one arm
    groups: dict[tuple[Value, Value], list[Mapping[str, Value]]] = {}
    for name, arm in arms.values():
        groups.setdefault((arm.get(hue, name), arm.get(x)), []).append(arm)
    parting = sorted(
        {
            name
            for group in groups.values()
            for name in {name for arm in group for name in arm}
            if len({repr(arm.get(name)) for arm in group}) > 1
        }
    )
    lines = {
        number: Line(
            _word(arm[hue]) if hue in arm else name,
            ", ".join(f"{name} {_word(arm.get(name))}" for name in parting),
        )
        for number, (name, arm) in arms.items()
    }
    found = ((p, records.get(p.name)) for p in cells)
    return [
        Run(lines[id(p.arm)], p.cell.arm.get(x), record)
        for p, record in found
        if record is not None
    ]


def ordinate(figure: Curve | Dots, run: Run) -> float | None:
    """What the figure shows of a run: a metric, or the point of a series where `best` is smallest."""
    series = run.record.series
    if not figure.best:
        found = run.record.metrics.get(figure.y)
    elif series.get(figure.y) and series.get(figure.best):
        choice = series[figure.best]
        found = series[figure.y][choice.index(min(choice))]
    else:
        found = None
    return None if found is None else figure.scale * found


def _word(value: Value) -> str:
    if value is None:
        return "none"
    return f"{value:g}" if isinstance(value, float) else factory_name(str(value))


def label(value: Value) -> str:
    """A value or name of a parameter as a figure writes it."""
    return _word(value).replace("_", " ")


def legend_title(hue: str) -> str | None:
    """What the legend is of; normalisers say it themselves."""
    return None if hue == "norm" else label(hue)


def order(found: Sequence[Run]) -> list[Line]:
    """The lines in the order of the claim's arms."""
    return list(dict.fromkeys(run.line for run in found))


def by_line(found: Sequence[Run]) -> dict[Line, list[Run]]:
    """The runs of every line, in the order of the claim's arms."""
    groups: dict[Line, list[Run]] = {}
    for run in found:
        groups.setdefault(run.line, []).append(run)
    return groups


def look(line: Line, lines: Sequence[Line]) -> dict[str, Any]:
    """Colour by hue; marker and dash by hue too, or by what parts the lines of one hue."""
    hues = list(dict.fromkeys(one.hue for one in lines))
    rests = list(dict.fromkeys(one.rest for one in lines))
    taken = {HOUSE[hue] for hue in hues if hue in HOUSE}
    free = [index for index in range(len(PALETTE)) if index not in taken] or [0]
    others = [hue for hue in hues if hue not in HOUSE]
    color = HOUSE[line.hue] if line.hue in HOUSE else free[others.index(line.hue) % len(free)]
    turn = others.index(line.hue) // len(free) if line.hue in others else 0
    shape = rests.index(line.rest) if len(rests) > 1 else color + turn
    return {
        "color": PALETTE[color],
        "marker": MARKERS[shape % len(MARKERS)],
        "linestyle": DASHES[shape % len(DASHES)],
    }


def height(lines: Sequence[Line]) -> float:
    """The inches a figure needs for its legend."""
    return max(3.5, 0.7 + 0.18 * len(lines))


def diverged(found: Sequence[Run]) -> str:
    """ "3 of 96 runs diverged", said also where none did."""
    return f"{sum(run.record.diverged for run in found)} of {len(found)} runs diverged"


def positions(figure: Curve, found: Sequence[Run]) -> tuple[dict[Value, float], bool]:
    """Where each abscissa lies, and whether they are names or mixed and so only stand in a row."""
    values = list(dict.fromkeys(run.x for run in found))
    numeric = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(numeric) == len(values) and not (figure.log_x and min(numeric, default=1) <= 0):
        return {value: float(value) for value in numeric}, False
    return {value: float(place) for place, value in enumerate(values)}, True
