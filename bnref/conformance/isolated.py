"""Running the checks where nothing they run into can hurt: in a process that may hang or crash."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import IO, Any

from bnref.conformance.check import checks
from bnref.conformance.implementation import NotAnImplementation
from bnref.conformance.report import Report
from bnref.conformance.result import Result
from bnref.conformance.runner import gone, kit

STARTING = 120.0
"""What importing the adapter and its framework may take."""
GRACE = 5.0
"""What a worker gets beyond a check's time, to notice it by itself, before it is killed."""


@dataclass
class _Told:
    """What workers have said so far."""

    who: dict[str, Any] = field(default_factory=dict)
    running: str = ""
    results: dict[str, Result] = field(default_factory=dict)


def run(
    name: str,
    seed: int = 0,
    names: Iterable[str] | None = None,
    seconds: float | None = None,
    expect: Mapping[str, str] | None = None,
) -> Report:
    """The named checks, or all, on the implementation package.module:adapter.

    `expect` declares deviations beside those of the implementation. A check that ends its process
    is a finding; the next ones run in a new one. Raises NotAnImplementation where there is nothing
    to run.
    """
    known = checks()
    wanted = list(known) if names is None else list(names)
    for check in {*(expect or {}), *wanted} - set(known):
        raise NotAnImplementation(f"no check {check!r}")
    told = _Told()
    while left := [check for check in wanted if check not in told.results]:
        told.running, end = "", _work([name, str(seed), str(seconds or 0), *left], told)
        if not told.who:
            raise NotAnImplementation(f"{name}: importing it {end}")
        lost = told.running or left[0]
        if lost not in told.results:
            told.results[lost] = gone(known[lost], told.who["deviates"], end)
    results = tuple(_expected(told.results[check], expect or {}) for check in wanted)
    return Report(told.who["name"], told.who["version"], kit(), seed, results)


def _work(arguments: list[str], told: _Told) -> str:
    """One worker, to its end; how it ended."""
    command = [sys.executable, "-m", "bnref.conformance.worker", *arguments]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, encoding="utf-8", start_new_session=True
    )
    assert process.stdout is not None
    lines: queue.Queue[str] = queue.Queue()
    reader = threading.Thread(target=_read, args=(process.stdout, lines), daemon=True)
    reader.start()
    patience = STARTING
    try:
        while line := lines.get(timeout=patience):
            said = json.loads(line)
            if "error" in said:
                raise NotAnImplementation(said["error"])
            if "name" in said:
                told.who, patience = said, said["patience"] + GRACE
            if "start" in said:
                told.running = said["start"]
            if "result" in said:
                result = _result(said["result"])
                told.results[result.check] = result
    except queue.Empty:
        return f"hung: killed after {patience:g} s"
    finally:
        _end(process)
        reader.join(1)
    code = process.returncode
    if code < 0:
        return f"crashed: {signal.Signals(-code).name}"
    return f"ended the process with code {code}"


def _read(stream: IO[str], lines: queue.Queue[str]) -> None:
    with stream:
        for line in stream:
            lines.put(line)
    lines.put("")


def _end(process: subprocess.Popen[str]) -> None:
    """Wait a moment for a worker that is through, and end what is left of it and its children."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(1)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _result(said: dict[str, Any]) -> Result:
    said["catalogue"], said["links"] = tuple(said["catalogue"]), tuple(said["links"])
    return Result(**said)


def _expected(result: Result, expect: Mapping[str, str]) -> Result:
    if result.check not in expect:
        return result
    return replace(result, declared=expect[result.check])
