"""roofline.svg: how near layers come to the memory bandwidth of the machine."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from matplotlib.ticker import LogLocator, NullLocator

from bnref.report.canvas import INK, MARKERS, MUTED, PALETTE, blank, styled, svg

TIMED = ("forward", "backward", "train", "inference")
BY = {"ours": "bnref", "torch": "torch.nn"}


def draw(layers: Mapping[str, Any]) -> str:
    """The SVG of the section `layers` of performance.json: one row of axes for each thing timed.

    A point is batch norm in one place, in GB/s: the bytes that its formula must read and write at
    least, by the time it took. The line is the bandwidth that a copy reaches in memory; what fits
    into a cache may lie above it.
    """
    rows = [row for row in layers["rows"] if row["layer"] == "batch_norm" and not row["compiled"]]
    roof = layers["bandwidth"]["copy_bytes_per_s"] / 1e9
    with styled():
        figure, panels = blank(8.2, rows=len(TIMED))
        for panel, timed in zip(panels, TIMED, strict=True):
            panel.axhline(roof, color=INK, linewidth=1, label=f"copy in memory, {roof:.0f} GB/s")
            for by, (kind, (layout, dtype)) in product(BY, enumerate(_kinds(rows))):
                chosen = [
                    row
                    for row in rows
                    if (row["by"], row["layout"], row["dtype"]) == (by, layout, dtype)
                    and row["timed"] == timed
                ]
                panel.plot(
                    [row["bytes_moved"] / 1e6 for row in chosen],
                    [row["bytes_moved"] / row["seconds"] / 1e9 for row in chosen],
                    color=PALETTE[kind % len(PALETTE)],
                    marker=MARKERS[kind % len(MARKERS)],
                    fillstyle="full" if by == "ours" else "none",
                    linestyle="none",
                    label=f"{BY[by]} {layout} {dtype}",
                )
            panel.set(xscale="log", yscale="log")
            for axis in (panel.xaxis, panel.yaxis):
                axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
                axis.set_major_formatter("{x:g}")
                axis.set_minor_locator(NullLocator())
            panel.set_title(timed)
            panel.set_ylabel("GB/s", color=MUTED)
        panels[-1].set_xlabel("MB that the formula must read and write at least")
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=3)
        return svg(
            figure,
            "Batch norm beside the memory bandwidth",
            f"Bytes per second of {len(rows)} timings of bnref's batch norm and torch.nn's; a copy "
            f"in memory reaches {roof:.0f} GB/s.",
        )


def _kinds(rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Memory layout and dtype: what has a colour and a marker of its own, filled for ours."""
    return sorted({(row["layout"], row["dtype"]) for row in rows})
