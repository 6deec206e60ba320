"""What a figure is on a page: its SVG, the words around it and the numbers behind it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure


@dataclass(frozen=True)
class Table:
    """The numbers of a figure; the first column names the row."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Sketch:
    """A figure before it is drawn: all that is told of it, and how it is plotted.

    `plot` is a function of a module with its arguments bound, numbers that are reduced already, so
    that any process can call it. `path` is relative to the folder of the report.
    """

    path: str
    title: str
    caption: str
    table: Table
    plot: Callable[[], Figure]


@dataclass(frozen=True)
class Drawing:
    """One figure: `path` is relative to the folder of the report."""

    path: str
    svg: str
    title: str
    caption: str
    table: Table


def counted(count: int, noun: str) -> str:
    """ "1 run", "3 runs"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def quantile(values: Sequence[float], share: float) -> float:
    """The quantile of some numbers, between neighbours in proportion."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])
