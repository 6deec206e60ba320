"""Figures as SVG text that is the same in every run, can be read aloud and can share a page."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import matplotlib
import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

INK, MUTED, FAINT = "#1f2933", "#52606d", "#d9dee3"
REGION = "#dcebdd"
REGION_INK = "#2f6b3a"
PALETTE = ("#0072b2", "#c8500a", "#00795c", "#9c3587", "#7a6400", "#3d4f8f", "#a1283b", "#52606d")
"""Colours that stay apart for colour-blind readers and keep 4.5:1 on white (markers differ too)."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p")
DASHES = ("-", (0, (5, 1.5)), (0, (1.5, 1.5)), (0, (7, 1.5, 1.5, 1.5)))
WIDTH = 7.2
"""Inches: the text width of the page."""

STYLE: dict[str, Any] = {
    "svg.hashsalt": "bnref",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.titlepad": 15,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e8ecef",
    "grid.linewidth": 0.7,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.handlelength": 2.6,
    "lines.linewidth": 1.7,
    "lines.markersize": 5,
    "figure.facecolor": "white",
}


@contextmanager
def styled() -> Iterator[None]:
    """The project's look, whatever the reader's own matplotlibrc says."""
    with matplotlib.style.context(["default", STYLE]):
        yield


def blank(
    height: float, rows: int = 1, ratios: list[float] | None = None
) -> tuple[Figure, list[Axes]]:
    """A figure of the page's width with `rows` axes below each other."""
    figure = Figure(figsize=(WIDTH, height), layout=ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.08))
    axes = figure.subplots(rows, 1, squeeze=False, height_ratios=ratios)
    return figure, [axis for line in axes for axis in line]


def svg(figure: Figure, title: str, description: str) -> str:
    """The figure as SVG with a title and a description that screen readers find."""
    canvas = _Canvas(figure)
    _settle(figure)
    with io.BytesIO() as file:
        # not savefig, which first draws everything once to no use: this figure is laid out
        canvas.print_svg(file, metadata={"Date": None, "Creator": "bnref"})  # type: ignore[no-untyped-call]
        text = file.getvalue().decode()
    head, tag, body = re.split(r"(<svg\b[^>]*>)", text, maxsplit=1)
    tag = tag[:-1] + ' role="img" aria-labelledby="title description">'
    told = f'<title id="title">{escape(title)}</title>\n <desc id="description">{escape(description)}</desc>'
    return f"{head}{tag}\n {told}{body}"


class _Canvas(FigureCanvasSVG):
    """An SVG that is laid out by one renderer for all figures, which keeps what it has measured."""

    def get_renderer(self) -> RendererAgg:
        return _ruler(self.figure.dpi)


@lru_cache
def _ruler(dpi: float) -> RendererAgg:
    """It measures texts and draws nothing, so its size is no matter."""
    return RendererAgg(1, 1, dpi)  # type: ignore[no-untyped-call]


def _settle(figure: Figure) -> None:
    """Lay the figure out once and round where its axes lie.

    The last bits of a constrained layout differ from run to run, and clip paths are named by them.
    """
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
    figure.set_layout_engine("none")
    for axes in figure.axes:
        left, low, width, height = axes.get_position().bounds
        axes.set_position((round(left, 4), round(low, 4), round(width, 4), round(height, 4)))


def inline(text: str, prefix: str) -> str:
    """The SVG for the inside of an HTML page: no prolog, and ids that are its own.

    Inline figures share the ids and the style sheet of the page, so ids get a prefix and the rule
    that matplotlib writes for every element becomes an attribute of the figure.
    """
    start = text.index("<svg")
    text = re.sub(r"\s*<metadata>.*?</metadata>", "", text[start:], flags=re.DOTALL)
    text = re.sub(r"\s*<defs>\s*<style[^>]*>.*?</style>\s*</defs>", "", text, flags=re.DOTALL)
    text = re.sub(r'\bid="', f'id="{prefix}-', text)
    text = re.sub(r"url\(#", f"url(#{prefix}-", text)
    text = re.sub(r'xlink:href="#', f'xlink:href="#{prefix}-', text)
    label = quoteattr(f"{prefix}-title {prefix}-description")
    text = text.replace('aria-labelledby="title description"', f"aria-labelledby={label}", 1)
    return text.replace("<svg", '<svg style="stroke-linejoin:round;stroke-linecap:butt"', 1).strip()
