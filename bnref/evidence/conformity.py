"""conformance.json: all that the conformance pages show, and the source that they are rebuilt from."""

from pathlib import Path
from typing import Literal

import msgspec

from bnref.evidence.checked import Mutant, Outcome
from bnref.evidence.store import StoreError

Value = str | int | float | bool | None
DIGITS = 6
"""Significant digits of every number that is published."""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """A property of batch norm, as a sentence, and the threads about its absence."""

    id: str
    property: str
    links: list[str]


class Implementation(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in one implementation, and when.

    `id` is its adapter's, `kit` the digest of the kit that asked, `seconds` how long all checks took.
    """

    id: str
    name: str
    version: str
    ours: bool
    measured: str
    kit: str
    packages: dict[str, str]
    device_model: str
    properties: dict[str, Outcome]
    seconds: float = 0.0


class Seeds(msgspec.Struct, frozen=True, kw_only=True):
    """Over how many seeds a correct layer went through the kit, and which checks failed, by seed."""

    seeds: int
    alarms: dict[str, list[str]]
    kit: str


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """What conformance.json holds. `not_run` says why an implementation is not among them.

    `kit` is the digest of the kit whose checks and mutants these are. An implementation that the
    publishing run could not run keeps the results it had, which may be of another kit.
    """

    schema: Literal[1] = 1
    kit: str = ""
    checks: list[Check]
    mutants: list[Mutant]
    implementations: list[Implementation]
    conventions: list[dict[str, Value]]
    false_alarms: list[str] = []
    clean: dict[str, Seeds] = {}
    """The correct layers by adapter (`python -m bnref.inspection.alarms`)."""
    museum_seconds: float = 0.0
    not_run: dict[str, str] = {}


def encode(document: Document) -> bytes:
    """The bytes of conformance.json."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def schema() -> bytes:
    """The JSON Schema of conformance.json, as committed in bnref/report/conformance.schema.json."""
    described = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "bnref conformance",
        **msgspec.json.schema(Document),
    }
    return msgspec.json.format(msgspec.json.encode(described), indent=2) + b"\n"


def rounded(value: float | None) -> float | None:
    """A number as it is published."""
    return None if value is None else float(f"{value:.{DIGITS}g}") + 0.0


def read(path: Path) -> Document | None:
    """The published document, None where there is none. Raises StoreError where it is damaged."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Document)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"{path.name}: {error.strerror or error}") from error
    except msgspec.DecodeError as error:
        raise StoreError(f"{path.name}: {error}") from error


if __name__ == "__main__":
    print(schema().decode(), end="")
