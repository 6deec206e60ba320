"""The store: one immutable JSON file per record, created once, named by its key.

Files of others, torn files and tampered files are reported by `faults` and never trusted. There are
no locks: a record is written aside, synced and linked, so the first one stands and a crash at any
moment leaves either a whole record or none. Records of short cells are kept many at once: each is
still a file of its own, and what they share is the wait for the disk.
"""

import contextlib
import ctypes
import hashlib
import os
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bnref.evidence.cell import Cell, canonical
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
    if not (_sealed_as_written(data, record) or intact(record)):
        raise ValueError("its content does not match its digest: edited or damaged")
    if name is not None and record.key != name:
        raise ValueError("its name is not the key of its content: a foreign or renamed file")
    return record


def _sealed_as_written(data: bytes, record: Record) -> bool:
    """Whether these bytes have the digest that they hold, which is of all but itself.

    Then they are the canonical ones, as published lines are, and a tenth of the time tells.
    """
    seal = f'"content":"{record.content}"'.encode()
    blank = data.strip().replace(seal, b'"content":""')
    return hashlib.sha256(blank).hexdigest() == record.content


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

    def put(self, *records: Record) -> None:
        """Keep sealed records, all on disk when it returns.

        The first record of a key stands; an unusable file gives way. Raises StoreError where the disk
        is full or the folder cannot be written; of several records those that fit are then kept.
        """
        try:
            create(self.root / "aside", [self._new(record) for record in records])
        except OSError as error:
            if len(records) == 1:
                raise StoreError(f"store {self.root}: {error.strerror or error}") from error
            for record in records:
                self.put(record)

    def _new(self, record: Record) -> "NewFile":
        key = record.key
        return NewFile(
            self.path(key), msgspec.json.encode(record), lambda: self.get(key) is not None
        )

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


@dataclass(frozen=True)
class NewFile:
    """A file to be made, and whether one that is there already is usable."""

    path: Path
    data: bytes
    usable: Callable[[], bool]


def create(asides: Path, files: Sequence[NewFile]) -> None:
    """Make files once, each whole or not at all. One that is there stands, unless it is not usable.

    All are on disk when it returns: many wait twice for the whole file system, where that can be
    asked for, and few for each file and its folder.
    """
    at_once = len(files) > 1 and _SYNCFS is not None
    written = {asides / f"{file.path.stem}.{uuid.uuid4().hex}": file for file in files}
    asides.mkdir(parents=True, exist_ok=True)
    try:
        for aside, file in written.items():
            _write(aside, file.data, synced=not at_once)
        if at_once:
            _sync_file_system(asides)
        for aside, file in written.items():
            _link(aside, file)
        if at_once:
            _sync_file_system(asides)
        else:
            for folder in {file.path.parent for file in files}:
                _sync_folder(folder)
    finally:
        for aside in written:
            with contextlib.suppress(OSError):
                aside.unlink(missing_ok=True)


def _link(aside: Path, file: NewFile) -> None:
    path = file.path
    path.parent.mkdir(exist_ok=True, parents=True)
    try:
        os.link(aside, path)
    except FileExistsError:
        if not file.usable():
            if path.is_dir():  # a file cannot take the place of a folder
                path.rename(aside.with_suffix(".folder"))
            aside.replace(path)


def _write_synced(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, data, synced=True)


def _write(path: Path, data: bytes, *, synced: bool) -> None:
    try:
        with path.open("xb") as file:
            file.write(data)
            file.flush()
            if synced:
                os.fsync(file.fileno())
    except OSError:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        raise


_SYNCFS = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None) if os.name == "posix" else None
"""int syncfs(int fd), which Linux has: everything written to the file system is on disk, or an error."""


def _sync_file_system(folder: Path) -> None:
    assert _SYNCFS is not None
    handle = os.open(folder, os.O_RDONLY)
    try:
        if _SYNCFS(handle) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    finally:
        os.close(handle)


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
    aside = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        _write_synced(aside, b"".join(canonical(record) + b"\n" for record in from_key))
        aside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)
        raise StoreError(f"{path}: {error.strerror or error}") from error


def read_lines(path: Path) -> list[Record]:
    """Published records. Raises StoreError naming file and line where one cannot be trusted."""
    records = []
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                records.append(parse(line))
            except ValueError as error:
                raise StoreError(f"{path.name} line {number}: {error}") from error
    return records
