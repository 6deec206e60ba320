"""The store: one whole record per key, whatever happens to the files and the disk."""

import ctypes
import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import rfc8785

from bnref.evidence import store as store_module
from bnref.evidence.record import Record, sealed
from bnref.evidence.store import (
    Failure,
    Fault,
    Store,
    StoreError,
    parse,
    read_lines,
    write_lines,
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def leftovers(store: Store) -> list[Path]:
    aside = store.root / "aside"
    return [path for path in aside.rglob("*") if path.is_file()] if aside.is_dir() else []


def changed(record: Record, **more) -> Record:
    return sealed(msgspec.structs.replace(record, **more))


def test_a_record_is_kept_under_its_key(store, record):
    assert store.get(record.key) is None, "an empty store has nothing"
    store.put(record)
    assert store.get(record.key) == record
    path = store.root / "records" / record.key[:2] / f"{record.key}.json"
    assert store.path(record.key) == path
    assert path.is_file(), "the file is named by the key"
    assert Store(store.root).get(record.key) == record, "another process reads the same"
    assert leftovers(store) == [], "expected nothing left aside"
    assert store.faults == [], "expected no fault"


def test_the_first_record_stands(store, record):
    store.put(record)
    before = store.path(record.key).read_bytes()
    store.put(changed(record, metrics={"y": 9.0}))
    assert store.path(record.key).read_bytes() == before, "nothing is measured twice and re-rolled"
    assert leftovers(store) == []


RACER = """
import sys
from pathlib import Path
import msgspec
from bnref.evidence.record import Record
from bnref.evidence.store import Store
record = msgspec.json.decode(sys.stdin.readline(), type=Record)
print("ready", flush=True)
sys.stdin.readline()
Store(Path(sys.argv[1])).put(record)
"""


@pytest.mark.parametrize("torn", [False, True], ids=["empty", "over a torn file"])
def test_eight_processes_at_once_leave_one_whole_record(store, record, torn):
    if torn:
        store.path(record.key).parent.mkdir(parents=True)
        store.path(record.key).write_bytes(b'{"cell"')
    bids = [changed(record, metrics={"y": float(i)}) for i in range(8)]
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, store.root], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in bids
    ]
    for racer, bid in zip(racers, bids, strict=True):
        racer.stdin.write(msgspec.json.encode(bid) + b"\n")
        racer.stdin.flush()
    for racer in racers:
        assert racer.stdout.readline() == b"ready\n", "expected every process to start"
    for racer in racers:
        racer.stdin.write(b"go\n")
        racer.stdin.flush()
    for racer in racers:
        racer.communicate(timeout=30)
        assert racer.returncode == 0, "expected every process to end well"
    assert store.get(record.key) in bids, "expected one whole record"
    assert [path.name for path in store.path(record.key).parent.iterdir()] == [f"{record.key}.json"]
    assert leftovers(store) == [], "expected nothing left aside"


def tampered(record: Record) -> bytes:
    return msgspec.json.encode(record).replace(b'"y":1.5', b'"y":2.5')


def foreign(record: Record) -> bytes:
    other = msgspec.structs.replace(record.cell, seed=999)
    return msgspec.json.encode(changed(record, cell=other))


def more_fields(record: Record) -> bytes:
    return json.dumps(json.loads(msgspec.json.encode(record)) | {"extra": 1}).encode()


BAD = {
    "empty": (lambda record: b"", "empty file"),
    "blank": (lambda record: b" \n", "empty file"),
    "torn": (lambda record: msgspec.json.encode(record)[:-20], "torn or not JSON"),
    "zeros": (lambda record: b"\0" * 300, "torn or not JSON"),
    "not JSON": (lambda record: b"\xff\xfe hello", "torn or not JSON"),
    "other JSON": (lambda record: b"[1, 2]", "not a record"),
    "deep": (lambda record: b"[" * 100_000, "not a record"),
    "other object": (lambda record: b'{"key": 1}', "not a record"),
    "more fields": (more_fields, "not a record"),
    "tampered": (tampered, "its content does not match its digest: edited or damaged"),
    "renamed": (foreign, "its name is not the key of its content: a foreign or renamed file"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_is_skipped_reported_and_replaced(store, record, kind):
    make, reason = BAD[kind]
    path = store.path(record.key)
    path.parent.mkdir(parents=True)
    path.write_bytes(make(record))
    assert store.get(record.key) is None, f"a file that is {kind} must not be trusted"
    assert list(store.records()) == [], f"a file that is {kind} must not be listed"
    assert len(store.faults) == 1, f"expected one fault, not one per look: {store.faults}"
    fault = store.faults[0]
    assert fault.path == f"records/{record.key[:2]}/{record.key}.json"
    assert fault.reason.startswith(reason), f"expected {reason!r}, found {fault.reason!r}"
    assert str(fault) == f"{fault.path}: {fault.reason}"
    assert "\n" not in str(fault), "expected one line"
    store.put(record)
    assert store.get(record.key) == record, f"a file that is {kind} gives way to a new record"
    assert leftovers(store) == []


def test_a_folder_in_the_place_of_a_record(store, record):
    path = store.path(record.key)
    (path / "inside").mkdir(parents=True)
    assert store.get(record.key) is None, "a folder is no record"
    assert store.faults == [
        Fault(path=f"records/{record.key[:2]}/{path.name}", reason="Is a directory")
    ]
    store.put(record)
    assert store.get(record.key) == record, "a folder gives way to a new record"
    assert leftovers(store) == []


def test_a_dangling_link_in_the_place_of_a_record(store, record):
    path = store.path(record.key)
    path.parent.mkdir(parents=True)
    path.symlink_to(store.root / "nowhere")
    assert store.get(record.key) is None
    store.put(record)
    assert store.get(record.key) == record, "a link to nowhere gives way to a new record"
    assert not path.is_symlink()


def test_all_records_in_order_and_what_is_not_of_the_store(store, make_record, make_cell):
    records = [make_record(make_cell(seed=seed)) for seed in range(100, 110)]
    for record in records:
        store.put(record)
    lost = store.root / "records" / "zz" / "notes.txt"
    lost.parent.mkdir()
    lost.write_text("hello")
    moved = store.root / "records" / "zz" / f"{records[0].key}.json"
    moved.write_bytes(store.path(records[0].key).read_bytes())
    found = list(store.records())
    assert found == sorted(records, key=lambda record: record.key), "expected the order of keys"
    assert {fault.path: fault.reason for fault in store.faults} == {
        "records/zz/notes.txt": "not a file of this store",
        f"records/zz/{moved.name}": "not a file of this store",
    }


def test_an_empty_store_has_no_records(store):
    assert list(store.records()) == []
    assert not store.root.exists(), "looking makes no folder"


def full(*_args) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("call", ["fsync", "link"])
def test_a_full_disk_is_one_line_and_leaves_nothing(store, record, monkeypatch, call):
    monkeypatch.setattr(os, call, full)
    line = f"store {store.root}: No space left on device"
    with pytest.raises(StoreError) as caught:
        store.put(record)
    assert str(caught.value) == line, "expected where and what, in one line"
    assert leftovers(store) == [], "expected nothing left aside"
    if call == "fsync":
        failure = Failure(cell=record.cell, reason="it broke")
        with pytest.raises(StoreError) as caught:
            store.fail(record.key, failure)
        assert str(caught.value) == line
        with pytest.raises(StoreError) as caught:
            store.check()
        assert str(caught.value) == line
        written = [path for path in store.root.rglob("*") if path.is_file()]
        assert written == [], "expected no leftover of any kind"
    monkeypatch.undo()
    assert store.get(record.key) is None, "a record that did not fit is not there"
    store.put(record)
    assert store.get(record.key) == record, "with room again it is kept"


def test_many_records_at_once_are_files_of_their_own(store, make_record, make_cell):
    records = [make_record(make_cell(seed=seed)) for seed in range(100, 140)]
    store.put(*records[:20])
    store.put(*[changed(record, metrics={"y": 9.0}) for record in records])
    assert [store.get(record.key).metrics["y"] for record in records] == [1.5] * 20 + [9.0] * 20
    assert len(list(store.root.glob("records/*/*.json"))) == 40
    assert leftovers(store) == []
    assert store.faults == []


def waits(monkeypatch) -> list[str]:
    """The calls that a record's durability rests on, in the order in which they are made."""
    calls: list[str] = []
    for name in ("link", "fsync"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *a, n=name, real=real: (calls.append(n), real(*a))[1])
    syncfs = store_module._SYNCFS
    if syncfs is not None:
        noted = lambda handle: (calls.append("syncfs"), syncfs(handle))[1]  # noqa: E731
        monkeypatch.setattr(store_module, "_SYNCFS", noted)
    return calls


@pytest.mark.parametrize("whole", [True, False], ids=["syncfs", "without syncfs"])
def test_nothing_is_linked_before_it_is_on_disk(store, make_record, make_cell, monkeypatch, whole):
    """With one wait for a whole file system (Linux), or one for each file and folder (elsewhere)."""
    records = [make_record(make_cell(seed=seed)) for seed in (100, 101, 102)]
    if not whole:
        monkeypatch.setattr(store_module, "_SYNCFS", None)
    elif store_module._SYNCFS is None:
        pytest.skip("this system has no syncfs")
    folders = len({record.key[:2] for record in records})
    calls = waits(monkeypatch)
    store.put(*records)
    if whole:
        assert calls == ["syncfs", *["link"] * 3, "syncfs"]
    else:
        assert calls == [*["fsync"] * 3, *["link"] * 3, *["fsync"] * folders]
    calls.clear()
    store.put(make_record(make_cell(seed=103)))
    assert calls == ["fsync", "link", "fsync"], "one record waits for its own file and folder"


def test_of_many_records_those_that_fit_are_kept(store, make_record, make_cell):
    small = [make_record(make_cell(seed=seed)) for seed in (100, 101)]
    large = make_record(make_cell(seed=102), series={"loss": [0.5] * 5000})
    code = LIMITED.replace("(64, 64)", "(8192, 8192)").replace("ATTEMPTS", MANY)
    done = subprocess.run(
        [sys.executable, "-c", code, store.root],
        input=msgspec.json.encode([*small, large]),
        capture_output=True,
        timeout=30,
        check=True,
    )
    assert done.stdout.decode() == f"store {store.root}: File too large\n"
    assert all(store.get(record.key) == record for record in small)
    assert store.get(large.key) is None
    assert leftovers(store) == []


@pytest.mark.skipif(store_module._SYNCFS is None, reason="this system has no syncfs")
def test_a_file_system_that_cannot_be_synced_is_one_line(
    store, make_record, make_cell, monkeypatch
):
    records = [make_record(make_cell(seed=seed)) for seed in (100, 101)]

    def broken(handle: int) -> int:
        ctypes.set_errno(errno.EIO)
        return -1

    monkeypatch.setattr(store_module, "_SYNCFS", broken)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="No space left on device"):
        store.put(*records)
    assert [store.get(record.key) for record in records] == [None, None]
    assert leftovers(store) == []


LIMITED = """
import resource, signal, sys
from pathlib import Path
import msgspec
from bnref.evidence.record import Record
from bnref.evidence.store import Store, StoreError, write_lines
given = sys.stdin.buffer.read()
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))
root = Path(sys.argv[1])
records = msgspec.json.decode(given, type=list[Record])
for attempt in ATTEMPTS:
    try:
        attempt()
    except StoreError as error:
        print(error)
"""
EACH = "(lambda: Store(root).put(*records), lambda: write_lines(root / 'x.jsonl', records))"
MANY = "(lambda: Store(root).put(*records),)"


def test_a_write_that_the_system_cuts_short(store, record):
    """A limit on the size of files, as a full disk in the middle of a record."""
    done = subprocess.run(
        [sys.executable, "-c", LIMITED.replace("ATTEMPTS", EACH), store.root],
        input=msgspec.json.encode([record]),
        capture_output=True,
        timeout=30,
        check=True,
    )
    assert done.stdout.decode().splitlines() == [
        f"store {store.root}: File too large",
        f"{store.root}/x.jsonl: File too large",
    ], "expected one line each, saying where and what"
    assert [path for path in store.root.rglob("*") if path.is_file()] == [], "expected no leftover"


def test_a_folder_that_cannot_be_made(store, record):
    """A file in its place, since nothing is forbidden to root."""
    store.root.write_text("in the way")
    for attempt in (store.check, lambda: store.put(record)):
        with pytest.raises(StoreError) as caught:
            attempt()
        assert str(caught.value).startswith(f"store {store.root}: "), "expected where it happened"
        assert str(caught.value).endswith(("Not a directory", "File exists")), "expected what"
    with pytest.raises(StoreError, match=f"store {store.root}: "):
        store.fail(record.key, Failure(cell=record.cell, reason="it broke"))
    assert store.get(record.key) is None
    assert store.faults[0].reason == "Not a directory", "a look-up reports and goes on"


def test_check_leaves_nothing(store):
    store.check()
    assert leftovers(store) == []


def test_failures_never_satisfy_a_look_up(store, record):
    failure = Failure(cell=record.cell, reason="ValueError: no", details="Traceback ...")
    store.fail(record.key, failure)
    store.fail(record.key, failure)
    assert store.get(record.key) is None, "a failure is no record"
    assert list(store.records()) == []
    files = list((store.root / "failures" / record.key).iterdir())
    assert len(files) == 2, "expected both attempts kept"
    for path in files:
        assert msgspec.json.decode(path.read_bytes(), type=Failure) == failure
    store.put(record)
    assert store.get(record.key) == record, "a later success is kept"


def test_lines_round_trip_sorted_and_the_same_bytes_in_any_order(tmp_path, make_record, make_cell):
    records = [
        make_record(make_cell(seed=seed), metrics={"b": 1 / 3, "a": 2.0})
        for seed in range(100, 108)
    ]
    first, second = tmp_path / "new" / "first.jsonl", tmp_path / "second.jsonl"
    write_lines(first, records)
    other_order = [
        msgspec.structs.replace(record, metrics=dict(reversed(record.metrics.items())))
        for record in reversed(records)
    ]
    write_lines(second, other_order)
    assert first.read_bytes() == second.read_bytes(), "expected the same bytes in whatever order"
    found = read_lines(first)
    assert found == sorted(records, key=lambda record: record.key), "expected sorted by key"
    write_lines(second, found[:3])
    assert read_lines(second) == found[:3], "the file is replaced whole"
    assert [path.name for path in first.parent.iterdir()] == ["first.jsonl"], "nothing left aside"


def test_a_bad_published_line_is_named(tmp_path, make_record, make_cell):
    path = tmp_path / "classify.jsonl"
    write_lines(path, [make_record(make_cell(seed=seed)) for seed in (100, 101, 102)])
    lines = path.read_bytes().splitlines(keepends=True)
    for number, bad, reason in (
        (2, lines[1].replace(b'"y":1.5', b'"y":2.5'), "its content does not match its digest"),
        (3, lines[2][:40] + b"\n", "torn or not JSON"),
        (1, b"\n", "empty file"),
    ):
        path.write_bytes(b"".join([*lines[: number - 1], bad, *lines[number:]]))
        with pytest.raises(StoreError, match=f"^classify.jsonl line {number}: {reason}"):
            read_lines(path)


def test_published_lines_are_canonical_and_checked_as_they_are(tmp_path, record, monkeypatch):
    path = tmp_path / "classify.jsonl"
    write_lines(path, [record])
    assert path.read_bytes() == rfc8785.dumps(msgspec.to_builtins(record)) + b"\n"
    published, other = path.read_bytes(), msgspec.json.encode(record)
    assert other != published.strip()
    assert parse(other) == record, "what is sealed may be written otherwise"
    monkeypatch.setattr(store_module, "intact", lambda record: False)
    assert parse(published) == record, "nothing is written again to check it"
    for edited in (published.replace(b'"y":1.5', b'"y":2.5'), published.replace(b":", b": ", 1)):
        with pytest.raises(ValueError, match="does not match its digest"):
            parse(edited)


def test_a_full_disk_keeps_the_published_file(tmp_path, record, monkeypatch):
    path = tmp_path / "classify.jsonl"
    write_lines(path, [record])
    before = path.read_bytes()
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError) as caught:
        write_lines(path, [])
    assert str(caught.value) == f"{path}: No space left on device"
    assert path.read_bytes() == before, "the old file stands"
    assert list(tmp_path.iterdir()) == [path], "expected no leftover"


def test_parse_wants_the_name_that_it_was_told(record):
    data = msgspec.json.encode(record)
    assert parse(data) == record
    assert parse(data, record.key) == record
    with pytest.raises(ValueError, match="foreign or renamed"):
        parse(data, "0" * 64)
