"""Writing the report: every file is replaced whole, and figures of earlier runs go."""

import uuid
from collections.abc import Sequence
from concurrent.futures import Executor
from itertools import islice
from pathlib import Path

from bnref.report import overview
from bnref.report.bibliography import bibtex
from bnref.report.document import encode, rounded
from bnref.report.drawing import Drawing
from bnref.report.drawn import drawings
from bnref.report.figures import sketches
from bnref.report.judged import Judged
from bnref.report.page import Entry, Page, page, render
from bnref.report.summary import groups


def write(folder: Path, judged: Sequence[Judged], pool: Executor | None = None) -> list[Path]:
    """Write findings.json, pages, figures and references into `folder`. Returns what it wrote.

    `pool` draws the figures, this process where there is none.
    """
    files = contents(judged, pool)
    for name, content in files.items():
        replaced(folder / name, content)
    for path in sorted((folder / "figures").glob("*.svg")):
        if f"figures/{path.name}" not in files:
            path.unlink()
    return [folder / name for name in files]


def contents(judged: Sequence[Judged], pool: Executor | None = None) -> dict[str, bytes]:
    """Every file of the report by its path in the folder, the same bytes for the same records."""
    shown = laid_out(judged, pool)
    glance = at_a_glance(shown)
    grouped = groups(shown)
    figures = [glance, *(drawing for entry in shown.entries for drawing in entry.drawings)]
    return {
        "findings.json": encode(one.finding for one in judged),
        **{
            name: render(name, shown, overview=glance, groups=grouped).encode()
            for name in ("report.md", "report.html", "summary.md", "summary.html")
        },
        "references.bib": bibtex(one.question.paper for one in judged).encode(),
        **{drawing.path: drawing.svg.encode() for drawing in figures},
    }


def at_a_glance(shown: Page) -> Drawing:
    """The overview of the claims that a short table shows."""
    first = [entry.finding for entry in shown.first]
    sketch = overview.sketch(first, headlines=len(first) < len(shown.entries))
    (drawing,) = drawings([sketch])
    return drawing


def laid_out(
    judged: Sequence[Judged], pool: Executor | None = None, *, figures: bool = True
) -> Page:
    """The page of what was judged, from the numbers as findings.json has them."""
    published = [rounded(one.finding) for one in judged]
    sketched = (
        sketch
        for one, finding in zip(judged, published, strict=True)
        for sketch in (sketches(one, finding) if figures else ())
    )
    drawn = iter(drawings(sketched, pool))
    return page(
        [
            Entry(
                finding,
                one.question.paper,
                one.question.claim.unit,
                tuple(islice(drawn, len(finding.figures))),
                {cell: record.seconds for cell, record in one.records.items()},
            )
            for one, finding in zip(judged, published, strict=True)
        ]
    )


def replaced(path: Path, content: bytes) -> None:
    """Put `content` in the place of a file, so that a reader sees the old or the new one whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        aside.write_bytes(content)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
