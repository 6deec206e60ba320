"""The summary figure: every judged claim on a common scale, its region as the measure.

Units differ from claim to claim, so effects are shown relative to the region: for "at least m" as
effect / m (1 is the smallest effect that counts, 0 none), for "between" as the distance from the
middle in half-widths. Exact claims and regions that give no such measure keep their own unit only
where it is decades of tolerance; others are listed in the table alone.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator

from bnref.evidence.finding import Finding
from bnref.report import canvas, words
from bnref.report.drawing import Sketch, Table

PATH = "figures/summary.svg"
TICKS = (-1000, -100, -30, -10, -3, -1, 0, 1, 3, 10, 30, 100, 1000)
INKS = {"supported": canvas.REGION_INK, "refuted": canvas.PALETTE[6], "inconclusive": "#7a5200"}
SHAPES = {"supported": "o", "refuted": "X", "inconclusive": "D"}


@dataclass(frozen=True)
class Line:
    """One claim on the common scale; an unknown or infinite end is infinite."""

    finding: Finding
    low: float
    middle: float | None
    high: float


def sketch(findings: Sequence[Finding], headlines: bool = False) -> Sketch:
    """The overview of the judged among these findings, "at least" and "between" claims apart.

    `headlines` says that they are the headline claims only.
    """
    panels = [
        (
            "At least: effect ÷ smallest effect that counts",
            (1.0, math.inf),
            _lines(findings, "above"),
        ),
        ("Between: distance from the middle ÷ half-width", (-1.0, 1.0), _lines(findings, "within")),
        (
            "Exact: decades inside the tolerance, worst input",
            (0.0, math.inf),
            _lines(findings, "exact"),
        ),
    ]
    filled = [panel for panel in panels if panel[2]]
    title = "Headline verdicts at a glance" if headlines else "All verdicts at a glance"
    which = "headline" if headlines else "judged"
    caption = (
        f"Median (white mark) and exact 95 % interval of every {which} claim, measured by its own "
        "region because units differ; shaded: the claim is true there. Both axes are linear between −1 and 1 "
        "and logarithmic beyond; an arrow marks an unbounded end. Exact claims show their range. "
        "* not confirmed: it does not stand after Holm's adjustment, or is not the registered run."
    )
    return Sketch(PATH, title, caption, _table(findings, which), partial(_page, filled))


def _page(filled: Sequence[tuple[str, tuple[float, float], Sequence[Line]]]) -> Figure:
    sizes = [len(lines) + 1.9 for _, _, lines in filled] or [2.0]
    page, axes = canvas.blank(0.27 * sum(sizes) + 0.5, len(sizes), sizes)
    for axis, (name, region, lines) in zip(axes, filled, strict=False):
        _plot(axis, name, region, lines, decades=name.startswith("Exact"))
    if not filled:
        axes[0].set_axis_off()
        axes[0].text(0.5, 0.5, "no claim has been judged yet", ha="center", va="center")
    return page


def _lines(findings: Sequence[Finding], panel: str) -> list[Line]:
    return [line for f in findings if _panel(f) == panel and (line := _line(f)) is not None]


def _panel(finding: Finding) -> str:
    lo, hi = finding.region.lo, finding.region.hi
    if finding.kind == "exact":
        return "exact"
    if lo is not None and hi is not None:
        return "within"
    return "above" if (lo or 0) > 0 or (hi or 0) < 0 else "none"


def _line(finding: Finding) -> Line | None:
    effect, lo, hi = finding.effect, finding.region.lo, finding.region.hi
    if effect is None:
        return None
    middle, unit = 0.0, 1.0
    if finding.kind != "exact":
        if lo is not None and hi is not None:
            middle, unit = (lo + hi) / 2, (hi - lo) / 2
        else:
            unit = lo if lo is not None else hi or 1.0
    low, high = sorted((end - middle) / unit for end in words.ends(finding))
    median = None if effect.median is None else (effect.median - middle) / unit
    return Line(finding, low, median, high)


def _plot(
    axes: Axes, name: str, region: tuple[float, float], lines: Sequence[Line], decades: bool
) -> None:
    numbers = [v for line in lines for v in (line.low, line.high, line.middle) if v is not None]
    finite = [v for v in numbers if math.isfinite(v)]
    left = 1.25 * min([*finite, -1.4])
    right = 1.25 * max([*finite, 1.8])
    if decades:
        left, right = min([*finite, 0.0]) - 1, max([*finite, 1.0]) + 1
    else:
        axes.set_xscale("symlog", linthresh=1.0, linscale=1.0)
        axes.xaxis.set_major_locator(FixedLocator([t for t in TICKS if left <= t <= right]))
        axes.xaxis.set_minor_locator(FixedLocator([]))
        axes.xaxis.set_major_formatter(lambda tick, _: words.number(tick))
    axes.set_xlim(left, right)
    axes.axvspan(max(region[0], left), min(region[1], right), color=canvas.REGION, zorder=0)
    for bound in region:
        if math.isfinite(bound):
            axes.axvline(bound, color=canvas.REGION_INK, linewidth=0.9, zorder=1)
    axes.axvline(0, color=canvas.INK, linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
    for place, line in enumerate(lines):
        _row(axes, place, line, left, right)
    axes.set_yticks(range(len(lines)), [_label(line.finding) for line in lines])
    axes.set_ylim(len(lines) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.set_title(name, fontsize=9)


def _row(axes: Axes, place: int, line: Line, left: float, right: float) -> None:
    status = line.finding.status
    color = INKS[status]
    low, high = (min(max(end, left), right) for end in (line.low, line.high))
    axes.plot([low, high], [place, place], color=color, linewidth=4, solid_capstyle="butt")
    for end, at in ((line.low, low), (line.high, high)):
        if math.isinf(end):
            arrow = ">" if end > 0 else "<"
            axes.plot(at, place, marker=arrow, color=color, markersize=8, clip_on=False)
    if line.middle is not None:
        axes.plot(
            line.middle,
            place,
            marker="d",
            color="white",
            markeredgecolor=canvas.INK,
            markersize=7,
            zorder=4,
        )
    side = axes.get_yaxis_transform()
    axes.plot(
        1.03, place, marker=SHAPES[status], color=color, markersize=7, transform=side, clip_on=False
    )
    told = words.status(status) + words.star(line.finding)
    axes.text(1.05, place, told, color=color, transform=side, va="center")


def _label(finding: Finding) -> str:
    return f"{finding.headline}  {finding.id}" if finding.headline else finding.id


def _table(findings: Sequence[Finding], which: str) -> Table:
    return Table(
        f"Every {which} claim with its effect in its own unit",
        ("claim", "effect", "region", "verdict"),
        tuple(
            (
                finding.id,
                words.short_effect(finding),
                words.region(finding.region, finding.effect.unit),
                words.status(finding.status),
            )
            for finding in findings
            if finding.effect is not None
        )
        or (("none", "–", "–", "–"),),
    )
