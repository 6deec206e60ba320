"""Numbers from elsewhere drawn over ours: those that the paper prints, or a formula's."""

from collections.abc import Mapping, Sequence
from textwrap import fill

from matplotlib.axes import Axes

from bnref.evidence.figure import Overlay
from bnref.report.canvas import INK
from bnref.report.lines import Line, label, look

MANY = 20
"""From so many points on an overlay is a line without marks."""


def draw(
    axes: Axes,
    overlays: Sequence[Overlay],
    lines: Sequence[Line],
    places: Mapping[str, float] | None = None,
) -> None:
    """Hollow marks, joined by dots, in the colour of the line that they are compared with.

    `places` says where the names of an axis of names lie; points without a place are left out.
    """
    for overlay in overlays:
        line = next((one for one in lines if one.hue == overlay.line), None)
        points = {
            (x if places is None else places[label(x)]): y
            for x, y in overlay.points.items()
            if places is None or label(x) in places
        }
        axes.plot(
            list(points),
            list(points.values()),
            color=look(line, lines)["color"] if line else INK,
            marker="" if len(points) >= MANY else "o",
            markerfacecolor="white",
            markersize=6.5,
            linestyle=":",
            linewidth=1.2,
            zorder=4,
            label=fill(f"{line.name}: {overlay.source}" if line else overlay.source, 24),
        )


def told(overlays: Sequence[Overlay]) -> str:
    """The sentence of a caption that says whose numbers are not ours."""
    sources = dict.fromkeys(overlay.source for overlay in overlays)
    return f" Hollow marks and dotted lines: {'; '.join(sources)}." if sources else ""
