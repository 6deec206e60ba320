"""What a check finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Status = Literal["conforms", "deviates", "not_applicable", "broken"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One comparison within a check. `excess` is error over tolerance: above 1 it fails.

    `ulp`, `best_ulp` and `tolerance_ulp` are in units in the last place of the output type: what
    was found, what a careful two-pass computation in that type finds, and what is allowed.
    `script` writes what reproduces it.
    """

    what: str
    expected: str
    found: str
    excess: float
    ulp: float | None = None
    best_ulp: float | None = None
    tolerance_ulp: float | None = None
    script: Callable[[], str] | None = None

    @property
    def good(self) -> bool:
        return self.excess <= 1


@dataclass(frozen=True, kw_only=True)
class Result:
    """The outcome of one check on one implementation; text and numbers are of its worst finding.

    broken: the adapter raised, hung, crashed, or returned what is no answer (shape, type, NaN).
    `declared` is the reason that the implementation gives beforehand for deviating, if it does.
    """

    check: str
    status: Status
    sentence: str = ""
    catalogue: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    what: str = ""
    expected: str = ""
    found: str = ""
    ulp: float | None = None
    best_ulp: float | None = None
    tolerance_ulp: float | None = None
    excess: float | None = None
    reproduction: str = ""
    declared: str = ""
    seconds: float = 0.0

    @property
    def as_declared(self) -> bool:
        """Whether it conforms where nothing is declared, and fails where a deviation is."""
        if self.status == "not_applicable":
            return True
        return (self.status == "conforms") != bool(self.declared)
