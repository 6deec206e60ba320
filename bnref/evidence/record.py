"""A record: what one cell measured, with what it was measured by."""

import math
from typing import Annotated

import msgspec

from bnref.evidence.cell import Cell, Provenance, digest, key

Positive = Annotated[float, msgspec.Meta(ge=0)]


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What an experiment returns: finite `metrics`, short `series`, and whether the run diverged.

    A diverged run reports only what stays finite (its chance-level error, its last step);
    divergence is data, not an error.
    """

    metrics: dict[str, float]
    series: dict[str, list[float]] = {}
    diverged: bool = False
    data: str = ""
    """SHA-256 of the data that was loaded, where there was any."""


class Environment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The machine and the libraries of a run, with nothing that names a host, a user or a path."""

    python: str
    torch: str
    numpy: str
    system: str
    device_model: str
    threads: int


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One cell, measured. `content` is the digest of everything else, so tampering shows."""

    cell: Cell
    provenance: Provenance
    metrics: dict[str, float]
    series: dict[str, list[float]]
    diverged: bool
    seconds: Positive
    environment: Environment
    data: str = ""
    content: str = ""

    @property
    def key(self) -> str:
        """The name of this record in the store."""
        return key(self.cell, self.provenance)


def sealed(record: Record) -> Record:
    """The record with its content digest. Raises ValueError where a number is not finite."""
    for name, value in record.metrics.items():
        if not math.isfinite(value):
            raise ValueError(f"metric {name!r} is {value}: an experiment reports finite numbers")
    for name, values in record.series.items():
        if not all(math.isfinite(value) for value in values):
            raise ValueError(f"series {name!r} holds a number that is not finite")
    blank = msgspec.structs.replace(record, content="")
    return msgspec.structs.replace(blank, content=digest(blank))


def intact(record: Record) -> bool:
    """Whether the record still has the content it was sealed with."""
    return record.content == digest(msgspec.structs.replace(record, content=""))
