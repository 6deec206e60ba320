"""The findings of one model: text, JSON, exit code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from bnref.doctor.finding import SEVERITIES, Finding

NAMED = 6


@dataclass(frozen=True)
class Report:
    """What was found in one model, worst first."""

    model: str
    input: str
    layers: int
    findings: tuple[Finding, ...]
    not_looked_at: tuple[str, ...] = ()

    @property
    def code(self) -> int:
        """0 nothing wrong, 1 something wrong or risky; a note is neither."""
        return int(any(finding.severity != "note" for finding in self.findings))

    def json(self) -> str:
        """Everything, as JSON: one entry per module and diagnosis."""
        return json.dumps(asdict(self) | {"code": self.code}, indent=2, allow_nan=False)

    def text(self) -> str:
        """For people: a paragraph per diagnosis, with the modules that share it; then the sum."""
        groups: dict[tuple[str, str], list[Finding]] = {}
        for finding in self.findings:
            groups.setdefault((finding.severity, finding.diagnosis), []).append(finding)
        lines: list[str] = []
        for group in groups.values():
            lines += [*_explained(group), ""]
        lines += [f"not looked at: {reason}" for reason in self.not_looked_at]
        return "\n".join([*lines, self.summary()])

    def summary(self) -> str:
        """One line: how much was found, in what."""
        counts = {s: sum(f.severity == s for f in self.findings) for s in SEVERITIES}
        said = f"{counts['wrong']} wrong, {counts['risky']} risky, {counts['note']} to note"
        if not any(counts.values()):
            said = "nothing found"
        norms = f"{self.layers} batch norm" + ("s" if self.layers != 1 else "")
        return f"{self.model} with {norms} on {self.input}: {said}"


def _explained(group: list[Finding]) -> Iterator[str]:
    first = group[0]
    yield f"{first.severity.upper()}  {first.diagnosis}  {first.module or 'the model'}"
    yield f"    seen  {first.seen}"
    if others := [finding.module for finding in group[1:]]:
        more = f" and {len(others) - NAMED} more" if len(others) > NAMED else ""
        yield f"    also  {', '.join(others[:NAMED])}{more}"
    yield f"    why   {first.why}"
    yield f"          {first.link}"
    yield f"    do    {first.do}"
