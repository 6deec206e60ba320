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
    """What was found in one implementation. `id` is its adapter's, `kit` the kit's digest."""

    id: str
    name: str
    version: str
    ours: bool
    measured: str
    kit: str
    packages: dict[str, str]
    device_model: str
    properties: dict[str, Outcome]


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """What conformance.json holds. `not_run` says why an implementation is not among them."""

    schema: Literal[1] = 1
    checks: list[Check]
    mutants: list[Mutant]
    implementations: list[Implementation]
    conventions: list[dict[str, Value]]
    false_alarms: list[str] = []
    not_run: dict[str, str] = {}


def encode(document: Document) -> bytes:
    """The bytes of conformance.json."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


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
