"""Kinds of figures, declared as data in claim files and drawn by bnref.report.

Seeds are summed up the same way in all: lines are medians, bands and bars quartiles. `hue` is the
parameter of the arms that gives a line (or panel) its name and colour; "arm" is the arm's own name.
`arms` names the arms that are shown, in this order: all where it is empty, or at a scale that has none
of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Overlay:
    """Numbers drawn over ours with hollow marks: those that the paper prints, or a formula's.

    `points` maps the abscissa to the ordinate, in the units of the axes. `line` is the value of the
    hue (or name of the arm) that they are to be compared with; empty where there is none. Numbers
    from memory have no place here; those read off a figure say so in `source`.
    """

    points: Mapping[float | str, float]
    source: str
    line: str = ""


@dataclass(frozen=True, kw_only=True)
class Curve:
    """`y` against an arm parameter `x`, a line per `hue`, every seed a faint point."""

    x: str
    y: str
    hue: str
    best: str = ""
    """Where `y` is a series and no metric: the series whose smallest number says which point of it."""
    log_x: bool = False
    log_y: bool = False
    arms: tuple[str, ...] = ()
    y_label: str = ""
    x_label: str = ""
    title: str = ""
    scale: float = 1.0
    overlay: tuple[Overlay, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Band:
    """A recorded series against another, or against its own index, a line per `hue`."""

    series: str
    hue: str
    x: str = ""
    """The series that holds the abscissa; its index where empty."""
    arms: tuple[str, ...] = ()
    log_x: bool = False
    log_y: bool = False
    y_label: str = ""
    x_label: str = ""
    title: str = ""
    overlay: tuple[Overlay, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Dots:
    """`y` of every arm, one row each: seeds joined by thin lines, median and quartiles over them.

    For tables of a paper. `points` of an overlay maps names of rows (values of the hue) to numbers.
    `best` is as in Curve.
    """

    y: str
    hue: str
    best: str = ""
    log: bool = False
    arms: tuple[str, ...] = ()
    y_label: str = ""
    title: str = ""
    scale: float = 1.0
    overlay: tuple[Overlay, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Traces:
    """Several series of a run together: percentiles, or the least and the largest loss of a probe.

    A panel per `hue`, a line per series; or with `shade` one panel where the room between the first
    and the last series is filled for each `hue`.
    """

    series: tuple[str, ...]
    hue: str
    x: str = ""
    arms: tuple[str, ...] = ()
    shade: bool = False
    log_x: bool = False
    log_y: bool = False
    y_label: str = ""
    x_label: str = ""
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class Histogram:
    """The numbers of a recorded series, those of all seeds together, a line per `hue`.

    Their density; or with `tail` the share of numbers whose size exceeds x, on logarithmic axes,
    where a heavy tail is a straight line.
    """

    series: str
    hue: str
    arms: tuple[str, ...] = ()
    tail: bool = False
    bins: int = 40
    x_label: str = ""
    title: str = ""
    overlay: tuple[Overlay, ...] = ()


@dataclass(frozen=True, kw_only=True)
class HeatMap:
    """Several series as the rows of a picture, from the bottom up, a panel per `hue`.

    A cell of the picture is the median over seeds at that index. `log` colours by powers of ten.
    """

    series: tuple[str, ...]
    hue: str
    x: str = ""
    arms: tuple[str, ...] = ()
    log: bool = False
    x_label: str = ""
    y_label: str = ""
    label: str = ""
    title: str = ""


Figure = Curve | Band | Dots | Traces | Histogram | HeatMap
