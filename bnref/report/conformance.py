"""The conformance pages, from conformance.json alone: Markdown, HTML, a badge per implementation."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bnref.evidence import conformity
from bnref.evidence.checked import Mutant, Outcome
from bnref.evidence.conformity import Check, Document, Implementation
from bnref.report import badge, words
from bnref.report.page import templates
from bnref.report.write import replaced

SOURCE = "conformance.json"
SIGNS = {
    "conforms": ("✓", "has the property"),
    "declared": ("≠", "lacks it, as it says of itself, with its reason"),
    "unexpected": ("!", "has it, though it says that it lacks it"),
    "deviates": ("✗", "lacks it"),
    "broken": ("⚡", "raised, hung, or returned what is no answer"),
    "not_applicable": ("–", "has not what the check needs"),
    "missing": ("·", "not measured"),
}
"""How an outcome is shown, never by colour alone, and what it means."""


@dataclass(frozen=True)
class Lack:
    """A property that an implementation lacks."""

    check: Check
    number: int
    outcome: Outcome

    @property
    def error(self) -> str:
        """How bad, beside the best that the type allows; empty where it is no matter of degree."""
        if self.outcome.ulp is None:
            return ""
        best = "?" if self.outcome.best_ulp is None else words.number(self.outcome.best_ulp)
        return f"{words.number(self.outcome.ulp)} ULP; two careful passes: {best}"


@dataclass(frozen=True)
class Shown:
    """An implementation on the page."""

    told: Implementation
    lacks: tuple[Lack, ...]
    signs: tuple[str, ...]
    """One for each check, a key of SIGNS."""

    @property
    def conforming(self) -> int:
        return self.signs.count("conforms") + self.signs.count("unexpected")

    @property
    def applicable(self) -> int:
        return len(self.signs) - self.signs.count("not_applicable") - self.signs.count("missing")

    @property
    def undeclared(self) -> tuple[Lack, ...]:
        """What it lacks without saying so."""
        return tuple(lack for lack in self.lacks if not lack.outcome.declared)

    @property
    def badge(self) -> str:
        """The path of its badge."""
        return f"badges/{self.told.id}.svg"

    @property
    def line(self) -> str:
        """Its verdict in a few words."""
        told = f"{self.conforming} of {self.applicable} properties"
        declared = len(self.lacks) - len(self.undeclared)
        return told + (f", {declared} declared otherwise" if declared else "")


@dataclass(frozen=True)
class Page:
    """What the templates show."""

    document: Document
    shown: tuple[Shown, ...]

    @property
    def numbers(self) -> dict[str, int]:
        """The number of each check on the page."""
        return {check.id: n for n, check in enumerate(self.document.checks, start=1)}

    @property
    def survivors(self) -> list[str]:
        """The mutants that a check meant for them does not see."""
        return [m.id for m in self.document.mutants if set(m.meant_for) - set(m.killed_by)]

    @property
    def columns(self) -> tuple[str, ...]:
        """The heads of the table of conventions."""
        return tuple(dict.fromkeys(name for row in self.document.conventions for name in row))

    def cell(self, mutant: Mutant, check: str) -> str:
        """A cell of the kill matrix."""
        if check in mutant.meant_for:
            return "●" if check in mutant.killed_by else "✗"
        return "○" if check in mutant.killed_by else ""

    def kills(self, check: str) -> int:
        """How many mutants die by a check."""
        return sum(check in mutant.killed_by for mutant in self.document.mutants)


def page(document: Document) -> Page:
    """The page of a document."""
    return Page(document, tuple(_shown(one, document.checks) for one in document.implementations))


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


def rewrite(reports: Path) -> bool:
    """Write the pages again from the published document; False where there is none."""
    document = conformity.read(reports / SOURCE)
    if document is not None:
        write(reports, document)
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
    return lines


def _strange(folder: Path, files: dict[str, bytes]) -> list[Path]:
    found = sorted((folder / "badges").glob("*.svg"))
    return [path for path in found if f"badges/{path.name}" not in files]


def _shown(one: Implementation, checks: Sequence[Check]) -> Shown:
    outcomes = [(n, check, one.properties.get(check.id)) for n, check in enumerate(checks, start=1)]
    return Shown(
        told=one,
        lacks=tuple(Lack(check, n, found) for n, check, found in outcomes if found and found.fails),
        signs=tuple(_sign(found) for _, _, found in outcomes),
    )


def _sign(outcome: Outcome | None) -> str:
    if outcome is None:
        return "missing"
    if outcome.declared and outcome.status != "not_applicable":
        return "declared" if outcome.fails else "unexpected"
    return outcome.status


def _badge(one: Shown) -> bytes:
    inks = ("good", "declared", "bad")
    ink = inks[2 if one.undeclared else 1 if one.lacks else 0]
    told = f"{one.conforming}/{one.applicable}"
    return badge.draw(f"{one.told.name} {one.told.version}".strip(), told, ink, one.line).encode()


def _render(template: str, shown: Page) -> bytes:
    return templates().get_template(template).render(page=shown, signs=SIGNS).encode()
