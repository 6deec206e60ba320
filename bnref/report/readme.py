"""The generated blocks of the README: the table of verdicts and one figure."""

import re
from collections.abc import Sequence
from pathlib import Path

from bnref.report.judged import Judged
from bnref.report.page import render
from bnref.report.write import laid_out, replaced

BLOCKS = {"verdicts": "readme_verdicts.md", "figure": "readme_figure.md"}
"""The name in the markers <!-- bnref:NAME --> and <!-- /bnref:NAME --> -> its template."""


class ReadmeError(Exception):
    """The README has no place for a generated block; the message says which and what to add."""


def update(readme: Path, judged: Sequence[Judged]) -> bool:
    """Rewrite the generated blocks. Returns whether anything changed; raises ReadmeError."""
    text = read(readme)
    new = with_blocks(readme.name, text, blocks(judged))
    if new != text:
        replaced(readme, new.encode())
    return new != text


def read(readme: Path) -> str:
    """The README's text. Raises ReadmeError where there is none."""
    try:
        return readme.read_text(encoding="utf-8")
    except OSError as error:
        raise ReadmeError(f"{readme.name}: {error.strerror or error}") from error


def blocks(judged: Sequence[Judged]) -> dict[str, str]:
    """The content of every generated block."""
    shown = laid_out(judged, figures=False)
    return {name: render(template, shown).strip() for name, template in BLOCKS.items()}


def stale(name: str, text: str, wanted: dict[str, str]) -> list[str]:
    """The blocks whose content is not the wanted one."""
    return [
        block
        for block, content in wanted.items()
        if with_blocks(name, text, {block: content}) != text
    ]


def with_blocks(name: str, text: str, wanted: dict[str, str]) -> str:
    """The text with the wanted blocks between their markers."""
    for block, content in wanted.items():
        start, end = f"<!-- bnref:{block} -->", f"<!-- /bnref:{block} -->"
        place = re.compile(f"{re.escape(start)}.*?{re.escape(end)}", re.DOTALL)
        if len(place.findall(text)) != 1 or text.count(start) != 1 or text.count(end) != 1:
            raise ReadmeError(
                f"{name}: no place for the generated block {block!r}: it needs one line "
                f"{start} and after it one line {end}"
            )
        before, _, rest = text.partition(start)
        text = f"{before}{start}\n{content}\n{rest[rest.index(end) :]}"
    return text
