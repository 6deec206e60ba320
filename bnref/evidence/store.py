"""The store: one immutable JSON file per record, created once, named by its key.

Files of others, torn files and tampered files are reported by `faults` and never trusted. There are
no locks: a record is written aside, synced and linked, so the first one stands and a crash at any
moment leaves either a whole record or none.
"""

import contextlib
import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from bnref.evidence.cell import Cell
from bnref.evidence.record import Record, intact


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt at a cell that gave no record. It is kept apart and satisfies no look-up."""

    cell: Cell
    reason: str
    details: str = ""


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """A file in the store that cannot be used: which one, and why."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


class StoreError(Exception):
    """The store cannot be read or written; the message says where and what the system answered."""


def parse(data: bytes, name: str | None = None) -> Record:
    """The record in `data`. Raises ValueError, in one line, where it is torn, foreign or tampered.

    `name` is the key that the record must have.
    """
    if not data.strip():
        raise ValueError("empty file")
    try:
        record = msgspec.json.decode(data, type=Record)
    except msgspec.ValidationError as error:
        raise ValueError(f"not a record ({error})") from error
    except msgspec.DecodeError as error:
        raise ValueError(f"torn or not JSON ({error})") from error
    if not intact(record):
        raise ValueError("its content does not match its digest: edited or damaged")
    if name is not None and record.key != name:
        raise ValueError("its name is not the key of its content: a foreign or renamed file")
    return record


class Store:
    """Records on disk under `root`. Any number of processes may read and write it at once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.faults: list[Fault] = []

    def path(self, key: str) -> Path:
        """Where the record of this key lies."""
        return self.root / "records" / key[:2] / f"{key}.json"

    def get(self, key: str) -> Record | None:
        """The record of this key, or None where there is none that can be trusted."""
        path = self.path(key)
        try:
            return parse(path.read_bytes(), key)
        except FileNotFoundError:
            return None
        except ValueError as error:
            self._fault(path, str(error))
        except OSError as error:
            self._fault(path, error.strerror or str(error))
        return None

    def put(self, record: Record) -> None:
        """Keep a sealed record. The first record of a key stands; an unusable file gives way.

        Raises StoreError where the disk is full or the folder cannot be written.
        """
        path = self.path(record.key)
        try:
            create(path, self.root / "aside", msgspec.json.encode(record), self._has(record.key))
        except OSError as error:
            raise StoreError(f"store {self.root}: {error.strerror or error}") from error

    def _has(self, key: str) -> Callable[[], bool]:
        return lambda: self.get(key) is not None

    def fail(self, key: str, failure: Failure) -> None:
        """Keep what went wrong with a cell, for the reader; raises StoreError as `put` does."""
        path = self.root / "failures" / key / f"{uuid.uuid4().hex}.json"
        try:
            _write_synced(path, msgspec.json.encode(failure))
        except OSError as error:
            raise StoreError(f"store {self.root}: {error.strerror or error}") from error

    def records(self) -> Iterator[Record]:
        """Every record that can be trusted, in the order of keys."""
        folder = self.root / "records"
        for path in sorted(folder.glob("*/*")) if folder.is_dir() else ():
            if path.suffix != ".json" or path.parent.name != path.name[:2]:
                self._fault(path, "not a file of this store")
                continue
            record = self.get(path.stem)
            if record is not None:
                yield record

    def check(self) -> None:
        """Raise StoreError unless the store's folder can be made and written."""
        probe = self.root / "aside" / f"probe.{uuid.uuid4().hex}"
        try:
            _write_synced(probe, b"{}")
            probe.unlink()
        except OSError as error:
            raise StoreError(f"store {self.root}: {error.strerror or error}") from error

    def _fault(self, path: Path, reason: str) -> None:
        fault = Fault(path=str(path.relative_to(self.root)), reason=reason)
        if fault not in self.faults:
            self.faults.append(fault)


def create(path: Path, asides: Path, data: bytes, usable: Callable[[], bool]) -> None:
    """Make a file once, whole or not at all. One that is there stands, unless it is not usable."""
    aside = asides / f"{path.stem}.{uuid.uuid4().hex}"
    try:
        _write_synced(aside, data)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(aside, path)
        except FileExistsError:
            if not usable():
                if path.is_dir():  # a file cannot take the place of a folder
                    path.rename(aside.with_suffix(".folder"))
                aside.replace(path)
        _sync_folder(path.parent)
    finally:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)


def _write_synced(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        raise


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_lines(path: Path, records: list[Record]) -> None:
    """Publish records as canonical JSON lines, sorted by key, replacing the file whole.

    Raises StoreError where the disk is full or the folder cannot be written.
    """
    from_key = sorted(records, key=lambda record: record.key)
    encoder = msgspec.json.Encoder(order="deterministic")
    aside = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        _write_synced(aside, b"".join(encoder.encode(record) + b"\n" for record in from_key))
        aside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)
        raise StoreError(f"{path}: {error.strerror or error}") from error


def read_lines(path: Path) -> list[Record]:
    """Published records. Raises StoreError naming file and line where one cannot be trusted."""
    records = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            records.append(parse(line))
        except ValueError as error:
            raise StoreError(f"{path.name} line {number}: {error}") from error
    return records
