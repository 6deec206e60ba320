"""Effect by seed: what every verdict is made of, one row per seed, the region and the interval."""

import math
from collections.abc import Mapping, Sequence
from functools import partial
from textwrap import fill

import msgspec
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bnref.evidence.claim import Reported
from bnref.evidence.finding import Finding
from bnref.report import canvas, words
from bnref.report.drawing import Sketch, Table, counted
from bnref.report.spread import MOST_SEEDS

FOR, AGAINST, NEITHER = canvas.REGION_INK, canvas.PALETTE[6], canvas.MUTED


def sketch(
    path: str,
    finding: Finding,
    effects: Mapping[int, tuple[float, float]],
    papers: Sequence[Reported] = (),
) -> Sketch:
    """The strip of a judged finding. Effects with an unknown end are lines with an arrow.

    `papers` are the effects that the paper reports, which are drawn in the row of the median.
    """
    assert finding.effect is not None, "only a judged finding has effects"
    unit = finding.effect.unit
    title = "Effect by seed"
    region = words.region(finding.region, unit)
    open_ended = sum(a != b for a, b in effects.values())
    told = [f"{words.number(one.value, 4)} ({one.source})" for one in papers]
    what = "range" if finding.effect.level == 1.0 else "exact 95 % interval"
    caption = (
        f"{finding.id}: the effect in each of {counted(len(effects), 'seed')}, in order of size. "
        f"Shaded: where the claim is true ({region}). Median and {what}: "
        f"{words.short_effect(finding)}. {finding.seeds_for} for, "
        f"{finding.seeds_against} against."
        + (f" {open_ended} known only as an interval." if open_ended else "")
        + (f" Hollow circle: the paper, {'; '.join(told)}." if told else "")
    )
    ordered = sorted(effects.items(), key=lambda item: (item[1], item[0]))
    bare = msgspec.structs.replace(finding, cells=[], effects=[])  # thousands, and not plotted
    plot = partial(_plot, bare, ordered, papers, title)
    return Sketch(path, title, caption, _table(finding, ordered), plot)


def side(finding: Finding, a: float, b: float) -> str:
    """Whether an effect speaks for the claim, against it, or for neither."""
    lo = -math.inf if finding.region.lo is None else finding.region.lo
    hi = math.inf if finding.region.hi is None else finding.region.hi
    if lo <= a and b <= hi:
        return "for"
    return "against" if b < lo or a > hi else "neither"


def _limits(
    finding: Finding, ordered: list[tuple[int, tuple[float, float]]], papers: Sequence[Reported]
) -> tuple[float, float]:
    assert finding.effect is not None
    ends = [end for _, effect in ordered for end in effect] + [one.value for one in papers]
    ends += [
        end
        for end in (
            finding.region.lo,
            finding.region.hi,
            finding.effect.low,
            finding.effect.high,
            0.0,
        )
        if end is not None
    ]
    finite = [end for end in ends if math.isfinite(end)]
    low, high = min(finite), max(finite)
    pad = 0.08 * (high - low or 1.0)
    return low - pad, high + pad


def _plot(
    finding: Finding,
    ordered: list[tuple[int, tuple[float, float]]],
    papers: Sequence[Reported],
    title: str,
) -> Figure:
    assert finding.effect is not None
    page, (axes,) = canvas.blank(1.45 + 0.17 * min(len(ordered), MOST_SEEDS))
    left, right = _limits(finding, ordered, papers)
    axes.set_xlim(left, right)
    lo, hi = finding.region.lo, finding.region.hi
    axes.axvspan(
        left if lo is None else lo, right if hi is None else hi, color=canvas.REGION, zorder=0
    )
    for bound in (lo, hi):
        if bound is not None:
            axes.axvline(bound, color=canvas.REGION_INK, linewidth=0.9, zorder=1)
    axes.axvline(0, color=canvas.INK, linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
    looks = {"for": (FOR, "o"), "against": (AGAINST, "X"), "neither": (NEITHER, "D")}
    points: dict[str, list[tuple[float, float]]] = {name: [] for name in looks}
    row = min(1, MOST_SEEDS / len(ordered))  # of many, that the median keeps its own
    for rank, (_, (a, b)) in enumerate(ordered):
        place = 1 + rank * row
        spoken = side(finding, a, b)
        color, marker = looks[spoken]
        if a == b and math.isfinite(a):
            points[spoken].append((a, place))
            continue
        inside = [min(max(end, left), right) for end in (a, b)]
        if a != b:
            axes.plot(
                inside,
                [place, place],
                color=color,
                linewidth=1.3,
                linestyle=":" if math.isinf(a) and math.isinf(b) else "-",
            )
        for end, at in zip((a, b), inside, strict=True):
            if math.isfinite(end):
                axes.plot(at, place, marker=marker, color=color, markersize=5.5, zorder=3)
            else:
                arrow = ">" if end > 0 else "<"
                axes.plot(
                    at, place, marker=arrow, color=color, markersize=7, clip_on=False, zorder=3
                )
    for spoken, (color, marker) in looks.items():
        if points[spoken]:
            ends, rows = zip(*points[spoken], strict=True)
            axes.plot(
                ends, rows, linestyle="none", marker=marker, color=color, markersize=5.5, zorder=3
            )
    _interval(axes, finding, left, right)
    for one in papers:
        axes.plot(
            one.value, 0, linestyle="none", marker="o", markersize=7, markerfacecolor="white",
            markeredgecolor=canvas.INK, zorder=5, label=fill(f"paper, {one.source}", 24),
        )  # fmt: skip
    named = ordered if len(ordered) <= MOST_SEEDS else []
    axes.set_yticks(
        range(len(named) + 1), ["median", *(str(seed) for seed, _ in named)], fontsize=7.5
    )
    axes.set_ylim(1 + (len(ordered) - 1) * row + 0.7, -0.9)
    axes.set_ylabel("seed")
    axes.grid(visible=False, axis="y")
    unit = finding.effect.unit
    axes.set(title=title, xlabel=words.with_unit("effect,", unit) if unit else "effect")
    if papers:
        page.legend(loc="outside right upper", borderaxespad=1.5)
    return page


def _interval(axes: Axes, finding: Finding, left: float, right: float) -> None:
    effect = finding.effect
    assert effect is not None
    ends = words.ends(finding)
    inside = [min(max(end, left), right) for end in ends]
    axes.plot(inside, [0, 0], color=canvas.INK, linewidth=4, solid_capstyle="butt")
    for end, at in zip(ends, inside, strict=True):
        if math.isinf(end):
            arrow = ">" if end > 0 else "<"
            axes.plot(at, 0, marker=arrow, color=canvas.INK, markersize=8, clip_on=False)
    if effect.median is not None:
        axes.plot(
            effect.median,
            0,
            marker="d",
            color="white",
            markeredgecolor=canvas.INK,
            markersize=8,
            zorder=4,
        )


def _table(finding: Finding, ordered: list[tuple[int, tuple[float, float]]]) -> Table:
    assert finding.effect is not None
    rows = tuple((str(seed), value(a, b), side(finding, a, b)) for seed, (a, b) in sorted(ordered))
    return Table(
        words.with_unit("Effect of each seed,", finding.effect.unit).rstrip(","),
        ("seed", "effect", "speaks"),
        rows,
    )


def value(a: float, b: float) -> str:
    """One seed's effect in words: a number, "3 or more", "undefined"."""
    if a == b:
        return words.number(a, 4)
    if math.isinf(a) and math.isinf(b):
        return "undefined"
    if math.isinf(b):
        return f"{words.number(a, 4)} or more"
    if math.isinf(a):
        return f"{words.number(b, 4)} or less"
    return f"{words.number(a, 4)} to {words.number(b, 4)}"
