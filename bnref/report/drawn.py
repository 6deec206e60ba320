"""Sketches drawn: a few one after the other, many by several processes at once."""

import gc
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context

from bnref.report import canvas
from bnref.report.drawing import Drawing, Sketch

EACH = 12
"""Figures that make another process worth its start: half a second beside some 0.07 s for each."""
MOST = 8
"""Processes at once: each holds matplotlib, some 100 MB."""


@contextmanager
def painters(count: int) -> Iterator[Executor | None]:
    """Processes that draw about so many figures, starting now; None where they are too few."""
    workers = min(_cores(), MOST, count // EACH)
    if workers < 2:
        yield None
        return
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        for _ in range(workers):  # it starts one for each task that finds none idle
            pool.submit(_started)
        yield pool


def _started() -> None:
    """What is imported stays: the collector need not look at it again after every figure."""
    gc.freeze()


def drawings(sketches: Iterable[Sketch], pool: Executor | None = None) -> list[Drawing]:
    """Every sketch as a drawing, in order: the same bytes, whichever process draws it.

    Where there is a pool it draws while later ones are sketched; this process does where it breaks.
    """
    if pool is None:
        return [_drawing(sketch) for sketch in sketches]
    left, made, coming = iter(sketches), [], []
    try:
        for sketch in left:
            made.append(sketch)
            coming.append(pool.submit(_drawing, sketch))
        return [drawing.result() for drawing in coming]
    except BrokenProcessPool:
        return [_drawing(sketch) for sketch in (*made, *left)]


def _drawing(sketch: Sketch) -> Drawing:
    with canvas.styled():
        svg = canvas.svg(sketch.plot(), sketch.title, sketch.caption)
    return Drawing(sketch.path, svg, sketch.title, sketch.caption, sketch.table)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
