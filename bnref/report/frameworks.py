"""The generated tables of docs/FRAMEWORKS.md, from conformance.json: conventions and deviations."""

from pathlib import Path

from bnref.report.page import templates
from bnref.report.readme import read, stale, with_blocks
from bnref.report.shown import Page
from bnref.report.write import replaced

PLACE = Path("docs") / "FRAMEWORKS.md"
MOST = 7
"""The findings of an implementation that the table shows; a layer of the wrong type lacks dozens."""
BLOCKS = ("conventions", "findings", "declared")
"""The names in the markers <!-- bnref:NAME -->; the template of each is frameworks_NAME.md."""


def blocks(shown: Page) -> dict[str, str]:
    """The content of every generated block."""
    found = {name: templates().get_template(f"frameworks_{name}.md") for name in BLOCKS}
    return {name: found[name].render(page=shown, most=MOST).strip() for name in BLOCKS}


def update(root: Path, shown: Page) -> None:
    """Rewrite the blocks, where there is the file. Raises ReadmeError where they have no place."""
    path = root / PLACE
    if path.is_file():
        replaced(path, with_blocks(path.name, read(path), blocks(shown)).encode())


def differences(root: Path, shown: Page) -> list[str]:
    """The blocks that are not what the published document gives, a line each."""
    path = root / PLACE
    found = stale(path.name, read(path), blocks(shown)) if path.is_file() else []
    return [
        f"{PLACE.as_posix()}: block {name!r} is not what conformance.json gives: run `bnref report`"
        for name in found
    ]
