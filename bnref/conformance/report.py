"""The results of one implementation: text, JSON, exit code."""

from __future__ import annotations

import json
import math
import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from bnref.conformance.catalogue import CATALOGUE
from bnref.conformance.result import Result

INDENT = "    "


@dataclass(frozen=True)
class Report:
    """What the checks of one kit found in one implementation."""

    name: str
    version: str
    kit: str
    seed: int
    results: tuple[Result, ...]

    @property
    def code(self) -> int:
        """0 conforms, but for what is declared; 1 deviates; 2 could not run: all is broken."""
        asked = [result for result in self.results if result.status != "not_applicable"]
        if all(result.as_declared for result in self.results):
            return 0
        return 2 if all(result.status == "broken" for result in asked) else 1

    def __getitem__(self, check: str) -> Result:
        return next(result for result in self.results if result.check == check)

    def json(self) -> str:
        """Everything, as JSON; a number that is not finite is null."""
        results = [{key: _finite(v) for key, v in asdict(r).items()} for r in self.results]
        document = asdict(self) | {"code": self.code, "results": results}
        return json.dumps(document, indent=2, allow_nan=False)

    def text(self, adapter: str = "package.module:adapter") -> str:
        """For people: first what is as it should be, a line each; then what is not; then the sum."""
        good = [result for result in self.results if result.as_declared]
        bad = [result for result in self.results if not result.as_declared]
        lines = [line(result) for result in good]
        for result in bad:
            lines += ["", *explained(result, adapter)]
        return "\n".join([*lines, "", self.summary()])

    def summary(self) -> str:
        """One line: how many checks came out how."""
        counts = Counter(_word(result) for result in self.results)
        parts = ", ".join(f"{count} {word}" for word, count in counts.items())
        verdict = ("conforms", "deviates", "could not run")[self.code]
        return f"{self.name} {self.version}".strip() + f" {verdict}: {parts}; seed {self.seed}"


def line(result: Result) -> str:
    """A result in one line."""
    if result.status == "not_applicable":
        return f"{_word(result):22} {result.check}: {result.found}"
    if result.declared:
        return f"{_word(result):22} {result.check}: {result.declared}"
    return f"{_word(result):22} {result.check}" + (f" ({_ulp(result)})" if result.ulp else "")


def explained(result: Result, adapter: str = "package.module:adapter") -> Iterator[str]:
    """A result that is not as it should be: what, how bad, which bug it looks like, how to see it."""
    yield f"{_word(result).upper()}  {result.check}"
    yield f"{INDENT}{result.sentence}."
    if result.status == "conforms":
        yield f"{INDENT}It was declared to fail, and passes: {result.declared}"
        return
    where = f"{result.what}: " if result.what else ""
    yield f"{INDENT}expected    {where}{result.expected}"
    yield f"{INDENT}found       {result.found}"
    if result.ulp is not None:
        yield f"{INDENT}error       {_ulp(result)}"
        yield f"{INDENT}            {_who(result)}"
    if result.status == "deviates":
        bugs = "; ".join(f"{bug} {CATALOGUE[bug]}" for bug in result.catalogue if bug in CATALOGUE)
        yield f"{INDENT}looks like  {bugs}"
    yield from (f"{INDENT}            {link}" for link in result.links[:4])
    if result.reproduction:
        yield f"{INDENT}reproduce"
        yield textwrap.indent(result.reproduction.replace("{adapter}", adapter), INDENT * 2)


def _word(result: Result) -> str:
    if result.status == "conforms" and result.declared:
        return "unexpectedly conforms"
    if result.declared and result.as_declared and result.status != "not_applicable":
        return "deviates as declared"
    return result.status.replace("_", " ")


def _ulp(result: Result) -> str:
    return (
        f"{result.ulp:.3g} ULP; two careful passes: {result.best_ulp:.2g}; "
        f"allowed: {result.tolerance_ulp:.3g}"
    )


def _who(result: Result) -> str:
    """Who is wrong, by the error that the type makes unavoidable."""
    times = (result.ulp or 0) / max(result.best_ulp or 0, 0.5)
    return f"{times:.3g} times what two passes in this type lose: the implementation is wrong"


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
