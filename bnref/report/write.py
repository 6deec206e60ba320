"""Writing the report: every file is replaced whole, and figures of earlier runs go."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bnref.report import overview
from bnref.report.bibliography import bibtex
from bnref.report.document import encode, rounded
from bnref.report.figures import drawings
from bnref.report.judged import Judged
from bnref.report.page import Entry, Page, page, render
from bnref.report.summary import groups


def write(folder: Path, judged: Sequence[Judged]) -> list[Path]:
    """Write findings.json, pages, figures and references into `folder`. Returns what it wrote."""
    files = contents(judged)
    for name, content in files.items():
        replaced(folder / name, content)
    for path in sorted((folder / "figures").glob("*.svg")):
        if f"figures/{path.name}" not in files:
            path.unlink()
    return [folder / name for name in files]


def contents(judged: Sequence[Judged]) -> dict[str, bytes]:
    """Every file of the report by its path in the folder, the same bytes for the same records."""
    shown = laid_out(judged)
    glance = overview.draw(shown.findings)
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


def laid_out(judged: Sequence[Judged], *, figures: bool = True) -> Page:
    """The page of what was judged, from the numbers as findings.json has them."""
    published = [replace(one, finding=rounded(one.finding)) for one in judged]
    return page(
        [
            Entry(
                one.finding,
                one.question.paper,
                one.question.claim.unit,
                tuple(drawings(one) if figures else ()),
            )
            for one in published
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
