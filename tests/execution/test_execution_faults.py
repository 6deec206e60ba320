"""Runs that are killed, stopped or doubled, and stores that are damaged or full."""

import os
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from bnref.evidence.record import Record
from bnref.evidence.store import parse


def alive(processes: set[int]) -> set[int]:
    """Those of the processes that still run; one that waits for its parent to notice is dead."""
    found = set()
    for pid in processes:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            continue
        if state not in "ZX":
            found.add(pid)
    return found


def eventually(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether the condition holds within so many seconds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def report(bench) -> bytes:
    """The published findings, byte for byte."""
    return (bench.root / "reports" / "findings.json").read_bytes()


def test_a_killed_worker_costs_nothing_that_was_finished(bench):
    bench.claim("K-1", does="dies once", at="high-s102", seconds=0.06)
    ran = bench.run()
    assert ran.code == 0, ran.text
    assert bench.statuses("reports") == {"K-1": "supported"}
    starts = bench.count("start")
    assert starts.pop("K-1-high-s102") == 2
    assert sum(starts.values()) <= 12, "only the run in flight beside it is begun again"

    bench.claim("K-3", does="dies once", at="high-s102")
    assert bench.run().code == 0
    starts = bench.count("start")
    assert starts.pop("K-3-high-s102") == 2
    assert max(starts.values()) <= 2, "runs of an instant that were not kept yet, once more each"

    bench.claim("K-2", does="dies", at="low-s101", seconds=0.02)
    ran = bench.run()
    assert ran.code == 1
    assert "Traceback" not in ran.text
    died = "its worker process died twice (killed, or out of memory)"
    assert len(ran.lines("bnref: 12 cells to measure for 36 tests")) == 1
    assert len(ran.lines("/12] K-2-low-s101", f"failed: {died}")) == 1
    assert len(ran.lines("ERROR at setup of test_cell[")) == 1, "it alone fails"
    assert len(ran.lines("ERROR at setup of test_cell[K-2-low-s101]")) == 1
    assert bench.statuses() == {"K-1": "supported", "K-2": "incomplete", "K-3": "supported"}
    assert bench.findings()["K-2"]["reason"] == f"1 failed: low seed 101: {died}"
    assert list((bench.root / ".bnref/store/failures").glob("*/*.json"))
    assert len(bench.records()) == 35


def test_a_killed_driver_leaves_no_orphan_and_loses_nothing(bench, another_bench):
    for project in (bench, another_bench):
        project.claim("D-1", seconds=0.15)
    undisturbed = another_bench.start()
    running = bench.start()
    assert eventually(lambda: len(bench.log("end")) >= 3, 30)
    os.kill(running.process.pid, signal.SIGKILL)
    assert eventually(lambda: not alive(bench.workers()), 2), "a worker trains on"
    running.wait()
    kept = {path.stem for path in bench.records()}
    before = bench.count("start")
    assert 3 <= len(kept) < 12

    ran = bench.run()
    assert ran.code == 0, ran.text
    again = bench.count("start") - before
    assert sum(again.values()) == 12 - len(kept)
    assert kept < {path.stem for path in bench.records()}
    assert undisturbed.wait().code == 0
    assert report(bench) == report(another_bench)


def test_two_runs_at_once_share_a_store(bench):
    bench.claim("T-1", seconds=0.05)
    runs = [bench.start("--bn-workers", "1") for _ in range(2)]
    for running in runs:
        ran = running.wait()
        assert ran.code == 0, ran.text
        assert len(ran.lines("T-1 ", "supported")) == 1
        assert not ran.lines("not trusted")
    assert len(bench.records()) == 12
    for path in bench.records():
        parse(path.read_bytes(), path.stem)
    assert not list((bench.root / ".bnref/store/aside").iterdir())


def test_ctrl_c_stops_the_workers_and_judges_what_is_complete(bench):
    bench.claim("C-1")
    bench.claim("C-2", seconds=0.3)
    running = bench.start("-v")
    assert eventually(lambda: bench.count("end")["C-2-low-s101"], 30), "C-2 has begun"
    running.signal_all(signal.SIGINT)
    ran = running.wait(10)
    assert ran.code == 2, ran.text
    assert "Traceback" not in ran.text
    assert not alive(bench.workers())
    assert len(ran.lines("bnref: stopped measuring: interrupted")) == 1
    assert bench.statuses() == {"C-1": "supported", "C-2": "incomplete"}
    missing = 24 - len(bench.records())
    assert bench.findings()["C-2"]["reason"] == f"{missing} of 12 cells missing"
    assert len(ran.lines("C-2 ", "incomplete", f"{missing} of 12 cells missing")) == 1

    ran = bench.run("--bn-workers", "3")
    assert ran.code == 0, ran.text
    assert len(ran.lines(f"bnref: {missing} cells to measure")) == 1
    assert bench.statuses("reports") == {"C-1": "supported", "C-2": "supported"}


def test_files_that_cannot_be_trusted_are_named_and_measured_again(bench):
    bench.claim("F-1")
    assert bench.run().code == 0
    published = report(bench)
    torn, empty, foreign, renamed, tampered, *_ = bench.records()
    content = tampered.read_bytes()
    renamed.write_bytes(content)
    torn.write_bytes(content[: len(content) // 2])
    empty.write_bytes(b"")
    foreign.write_text('{"somebody": "else"}')
    record = msgspec.json.decode(content, type=Record)
    better = msgspec.structs.replace(record, metrics={"value": 99.0})
    tampered.write_bytes(msgspec.json.encode(better))
    (bench.root / "runs.log").unlink()

    ran = bench.run()
    assert ran.code == 0, ran.text
    assert len(bench.log("start")) == 5
    for path, reason in {
        torn: "torn or not JSON",
        empty: "empty file",
        foreign: "not a record",
        renamed: "its name is not the key of its content",
        tampered: "its content does not match its digest",
    }.items():
        (line,) = ran.lines("not trusted, skipped", path.name)
        assert reason in line
    assert report(bench) == published


def test_a_record_that_does_not_fit_stops_with_one_line(bench):
    bench.claim("A-1")
    bench.claim("B-1", points=5000)
    limit = 1 << 14
    ran = bench.run(
        "--bn-workers",
        "1",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert ran.code == 1
    assert "Traceback" not in ran.text
    assert "INTERNALERROR" not in ran.text
    where = f"store {bench.root / '.bnref/store'}: File too large"
    assert len(ran.lines(f"bnref: stopped measuring: {where}")) == 1
    assert len(ran.lines(f"not measured: {where}")) == 12
    assert len(ran.lines("A-1 ", "supported")) == 1
    assert len(ran.lines("B-1 ", "incomplete", "12 of 12 cells missing")) == 1
    assert not list((bench.root / ".bnref/store/aside").iterdir())


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounting needs root")
def test_a_full_disk_is_one_line(bench):
    disk = bench.root / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=32k", "none", str(disk)]
    if shutil.which("mount") is None or subprocess.run(mount, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        bench.claim("A-1", points=500)
        ran = bench.run("--bn-store", "disk/store")
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    assert ran.code == 1
    assert "Traceback" not in ran.text
    where = f"store {disk / 'store'}: No space left on device"
    assert len(ran.lines(f"bnref: stopped measuring: {where}")) == 1
    assert ran.lines(f"not measured: {where}")
    assert len(ran.lines("A-1 ", "incomplete", "cells missing")) == 1
