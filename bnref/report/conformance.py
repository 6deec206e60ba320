"""The conformance pages, from conformance.json alone: Markdown, HTML, a badge per implementation."""

from pathlib import Path

from bnref.evidence import conformity
from bnref.evidence.conformity import Document
from bnref.report import badge, frameworks
from bnref.report.page import templates
from bnref.report.shown import SIGNS, Page, Shown, page
from bnref.report.write import replaced

SOURCE = "conformance.json"


def contents(document: Document) -> dict[str, bytes]:
    """Every file by its path in the folder, the same bytes for the same document."""
    shown = page(document)
    return {
        SOURCE: conformity.encode(document),
        "conformance.md": _render("conformance.md", shown),
        "conformance.html": _render("conformance.html", shown),
        **{one.badge: _badge(one) for one in shown.shown},
    }


def write(folder: Path, document: Document) -> list[Path]:
    """Write the document and its pages; badges of what is no longer there go."""
    files = contents(document)
    for name, content in files.items():
        replaced(folder / name, content)
    for path in _strange(folder, files):
        path.unlink()
    return [folder / name for name in files]


def publish(reports: Path, document: Document) -> None:
    """Write what is published, and the tables of docs/FRAMEWORKS.md beside it."""
    write(reports, document)
    frameworks.update(reports.parent, page(document))


def rewrite(reports: Path) -> bool:
    """Write the pages again from the published document; False where there is none."""
    document = conformity.read(reports / SOURCE)
    if document is not None:
        publish(reports, document)
    return document is not None


def differences(reports: Path) -> list[str]:
    """What is not as the published document gives it, a line each, with what to do."""
    document = conformity.read(reports / SOURCE)
    wanted = contents(document) if document else {}
    lines = []
    for name, content in wanted.items():
        path = reports / name
        if not path.is_file():
            lines.append(f"reports/{name}: missing: run `bnref report` and commit it")
        elif path.read_bytes() != content:
            lines.append(f"reports/{name}: differs from what {SOURCE} gives: run `bnref report`")
    lines += [
        f"reports/badges/{path.name}: of no implementation: run `bnref report`"
        for path in _strange(reports, wanted)
    ]
    return lines + (frameworks.differences(reports.parent, page(document)) if document else [])


def _strange(folder: Path, files: dict[str, bytes]) -> list[Path]:
    found = sorted((folder / "badges").glob("*.svg"))
    return [path for path in found if f"badges/{path.name}" not in files]


def _badge(one: Shown) -> bytes:
    inks = ("good", "declared", "bad")
    ink = inks[2 if one.undeclared else 1 if one.lacks else 0]
    told = f"{one.conforming}/{one.applicable}"
    return badge.draw(f"{one.told.name} {one.told.version}".strip(), told, ink, one.line).encode()


def _render(template: str, shown: Page) -> bytes:
    return templates().get_template(template).render(page=shown, signs=SIGNS).encode()
