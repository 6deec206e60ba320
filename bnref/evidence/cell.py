"""A cell: one run of one experiment, named by everything that may change its numbers."""

import hashlib
from functools import lru_cache
from typing import Any

import msgspec
import rfc8785

Value = str | int | float | bool | None


class Cell(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One run: an experiment (dotted name), its arm's parameters, a seed, a scale and a device.

    Two claims that need the same cell share its record.
    """

    experiment: str
    arm: dict[str, Value]
    seed: int
    scale: str
    device: str


class Provenance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a cell's numbers depend on beside the cell: records that differ here are never paired."""

    code: str
    data: str
    torch: str
    device_model: str


def canonical(value: Any) -> bytes:
    """RFC 8785 JSON, the bytes that every digest in this project is taken of.

    Raises ValueError on a NaN or infinity, which JSON cannot hold.
    """
    plain = msgspec.to_builtins(value)
    try:
        return _ENCODER.encode(_plain(plain))
    except _NotPlain:
        pass
    try:
        return rfc8785.dumps(plain)
    except rfc8785.CanonicalizationError as error:
        raise ValueError(f"cannot be written as canonical JSON: {error}") from error


_ENCODER = msgspec.json.Encoder(order="sorted")
"""Many times as fast as `rfc8785`, and the same bytes for what `_plain` lets through."""


class _NotPlain(Exception):
    """A value that RFC 8785 writes differently from msgspec, or not at all."""


def _plain(value: Any) -> Any:
    """The value with whole floats as integers, as RFC 8785 writes them; raises _NotPlain.

    Both write the shortest digits that read back, and differ in where they take an exponent: from 1e-4
    to 2^53 neither does. They sort keys alike where those are ASCII.
    """
    kind = type(value)
    if kind is float:
        if 1e-4 <= value <= 2**53 or -(2**53) <= value <= -1e-4:
            return int(value) if value.is_integer() else value
        if value == 0:
            return 0
    elif kind is int:
        if -(2**53) < value < 2**53:
            return value
    elif kind is dict:
        if "".join(value).isascii():
            return {
                name: item if type(item) is str else _plain(item) for name, item in value.items()
            }
    elif kind is list:  # most numbers are in lists, most of them the first kind: no call for those
        return [
            item if type(item) is float and 1e-4 <= item < 1e4 and item % 1 else _plain(item)
            for item in value
        ]
    elif kind is str or value is None or kind is bool:
        return value
    raise _NotPlain


def digest(value: Any) -> str:
    """SHA-256 of the canonical JSON of `value`, in hexadecimal."""
    return hashlib.sha256(canonical(value)).hexdigest()


def pack(cell: Cell) -> tuple[Cell, ...]:
    """The cells that are measured as one with this cell, in the order of their seeds.

    Where the arm says `pack`, the block of that many seeds that this seed lies in; else the cell
    alone. A function of the cell, so what is missing or selected never changes which runs share
    their arithmetic. Raises ValueError where `pack` is no positive number.
    """
    size = cell.arm.get("pack", 1)
    if not isinstance(size, int) or size < 1:
        raise ValueError(f"{cell.experiment}: pack is {size!r}, expected a number of seeds")
    first = cell.seed - cell.seed % size
    return tuple(msgspec.structs.replace(cell, seed=first + i) for i in range(size))


def identity(cell: Cell) -> str:
    """The cell's own digest, the same on every machine."""
    return _digest_of(msgspec.json.encode(cell, order="deterministic"))


@lru_cache(maxsize=1 << 17)
def _digest_of(encoded: bytes) -> str:
    """A run asks for the same cells again and again, and canonical JSON is slow to write."""
    return digest(msgspec.json.decode(encoded))


def key(cell: Cell, provenance: Provenance) -> str:
    """The name under which the store keeps the cell's record: digest of {cell, provenance}."""
    return hashlib.sha256(
        b'{"cell":' + canonical(cell) + b',"provenance":' + _written(provenance) + b"}"
    ).hexdigest()


@lru_cache
def _written(provenance: Provenance) -> bytes:
    """Thousands of cells share theirs."""
    return canonical(provenance)
