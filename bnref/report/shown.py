"""What the conformance pages show of the published document: signs, sums, what is lacking."""

from dataclasses import dataclass

from bnref.evidence.checked import Mutant, Outcome
from bnref.evidence.conformity import Check, Document, Implementation
from bnref.report import words

DIGITS = 8
"""Of a kit's digest that pages show."""
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
    kit: str
    """The kit that asked: the first digits of its digest, and that it is another where it is."""

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
        declared, missing = len(self.lacks) - len(self.undeclared), self.signs.count("missing")
        told += f", {declared} declared otherwise" if declared else ""
        return told + (f", {missing} not asked" if missing else "")


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
    def foreign(self) -> list[Shown]:
        """The implementations that are not this project's own."""
        return [one for one in self.shown if not one.told.ours]

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
    return Page(document, tuple(_shown(one, document) for one in document.implementations))


def _shown(one: Implementation, document: Document) -> Shown:
    checks = enumerate(document.checks, start=1)
    outcomes = [(n, check, one.properties.get(check.id)) for n, check in checks]
    return Shown(
        told=one,
        lacks=tuple(Lack(check, n, found) for n, check, found in outcomes if found and found.fails),
        signs=tuple(_sign(found) for _, _, found in outcomes),
        kit=one.kit[:DIGITS] + (", another kit" if document.kit not in ("", one.kit) else ""),
    )


def _sign(outcome: Outcome | None) -> str:
    if outcome is None:
        return "missing"
    if outcome.declared and outcome.status != "not_applicable":
        return "declared" if outcome.fails else "unexpected"
    return outcome.status
