"""findings.json: the findings with numbers rounded, and the JSON Schema that describes it."""

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from bnref import __version__
from bnref.evidence.finding import Finding

DIGITS = 6
"""Significant digits of every number that is published."""


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """What findings.json holds."""

    schema: Literal[1]
    generated_by: str
    findings: list[Finding]


def rounded(finding: Finding) -> Finding:
    """The finding with every number rounded, as it is published and as pages show it."""
    return msgspec.convert(_rounded(msgspec.to_builtins(finding)), Finding)


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") + 0.0  # no negative zero
    if isinstance(value, dict):
        return {name: _rounded(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(inner) for inner in value]
    return value


def encode(findings: Iterable[Finding]) -> bytes:
    """The bytes of findings.json. Infinities are null since the finding was made."""
    document = Document(
        schema=1, generated_by=f"bnref {__version__}", findings=[rounded(f) for f in findings]
    )
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def schema() -> bytes:
    """The JSON Schema of findings.json, as committed in findings.schema.json."""
    described = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "bnref findings",
        **msgspec.json.schema(Document),
    }
    return msgspec.json.format(msgspec.json.encode(described), indent=2) + b"\n"


if __name__ == "__main__":
    print(schema().decode(), end="")
