"""Finding the claims: every file of reproductions/<paper>/ that is not private holds one CLAIM."""

import importlib
import re
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from bnref.evidence.claim import Claim, Paper

T = TypeVar("T")


class ClaimError(Exception):
    """A claim file cannot be used; the message names the file, the line and the reason."""


def load(root: Path) -> dict[str, tuple[Paper, Claim]]:
    """All claims under root/reproductions, by id: papers by year, controls last, then by id.

    Raises ClaimError on the first file that does not hold a usable claim: a claim is never dropped.
    """
    home = root / "reproductions"
    if not home.is_dir():
        raise ClaimError(f"no folder reproductions/ in {root}: run from the checkout of bnref")
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    claims: dict[str, tuple[Paper, Claim]] = {}
    for folder in sorted(path for path in home.iterdir() if (path / "__init__.py").is_file()):
        paper = _attribute(root, folder / "__init__.py", "PAPER", Paper)
        for path in sorted(folder.glob("[!_]*.py")):
            claim = _attribute(root, path, "CLAIM", Claim)
            if claim.id in claims:
                raise ClaimError(f"{path.relative_to(root)}: the id {claim.id} is taken")
            claims[claim.id] = (paper, claim)
    return dict(sorted(claims.items(), key=_order))


def _order(item: tuple[str, tuple[Paper, Claim]]) -> tuple[bool, int, str, list[int | str]]:
    """Claims about the world before those about this project; MOM-3 before MOM-12."""
    name, (paper, claim) = item
    parts = [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", name)]
    return claim.kind == "control", paper.year, paper.cite_key, parts


def family(claims: Mapping[str, tuple[Paper, Claim]], paper: Paper, scale: str) -> int:
    """How many statistical claims are registered from a paper at a scale (Holm's family)."""
    return sum(
        claim.kind == "statistical" and scale in claim.settings and source == paper
        for source, claim in claims.values()
    )


def _attribute(root: Path, path: Path, name: str, kind: type[T]) -> T:
    module = _module(root, path)
    value = getattr(module, name, None)
    if not isinstance(value, kind):
        raise ClaimError(f"{path.relative_to(root)}: no {name} of type {kind.__name__}")
    return value


def _module(root: Path, path: Path) -> ModuleType:
    relative = path.relative_to(root)
    parts = relative.parent.parts if path.name == "__init__.py" else relative.with_suffix("").parts
    try:
        return importlib.import_module(".".join(parts))
    except Exception as error:
        lines = [
            f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)
        ]
        if isinstance(error, SyntaxError) and error.filename == str(path):
            lines.append(error.lineno or 0)
        at = f" line {lines[-1]}" if lines else ""
        reason = " ".join(str(error).split())
        raise ClaimError(f"{relative}{at}: {type(error).__name__}: {reason}") from error
