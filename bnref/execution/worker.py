"""What runs inside a worker process: one cell at a time, its record written by the worker itself."""

import importlib
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import msgspec

from bnref.evidence.cell import Cell, Provenance, key
from bnref.evidence.provenance import environment
from bnref.evidence.record import Measured, Record, sealed
from bnref.evidence.store import Failure, Store, StoreError

PARENT_POLL_SECONDS = 0.5


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """A cell to measure, with the provenance that the driver named it by. `name` is for people."""

    name: str
    cell: Cell
    provenance: Provenance

    @property
    def key(self) -> str:
        """The store's key of the record that will come of it."""
        return key(self.cell, self.provenance)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a task ended: a record (`error` empty), a failure, or a store that cannot be written."""

    task: Task
    seconds: float = 0.0
    diverged: bool = False
    error: str = ""
    store_broken: bool = False


def begin(driver: int) -> None:
    """Set a fresh worker up: it leaves Ctrl-C to the driver and ends when the driver is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(driver,), daemon=True).start()


def _end_with(driver: int) -> None:
    while os.getppid() == driver:
        time.sleep(PARENT_POLL_SECONDS)
    os._exit(1)


def measure(task: Task, store: Path) -> Outcome:
    """Run the task's cell and keep its record. Whatever the experiment raises becomes a failure."""
    kept = Store(store)
    started = time.perf_counter()
    try:
        measured = experiment(task.cell.experiment)(task.cell)
        record = sealed(
            Record(
                cell=task.cell,
                provenance=task.provenance,
                metrics={name: float(value) for name, value in measured.metrics.items()},
                series=measured.series,
                diverged=measured.diverged,
                seconds=round(time.perf_counter() - started, 3),
                environment=environment(task.cell.device, threads=1),
                data=measured.data,
            )
        )
    except (Exception, SystemExit) as error:
        return _failed(kept, task, error)
    try:
        kept.put(record)
    except StoreError as error:
        return Outcome(task=task, error=str(error), store_broken=True)
    return Outcome(task=task, seconds=record.seconds, diverged=record.diverged)


def _failed(store: Store, task: Task, error: BaseException) -> Outcome:
    reason = one_line(error)
    failure = Failure(cell=task.cell, reason=reason, details=traceback.format_exc())
    try:
        store.fail(task.key, failure)
    except StoreError as broken:
        return Outcome(task=task, error=str(broken), store_broken=True)
    return Outcome(task=task, error=reason)


def one_line(error: BaseException) -> str:
    """An exception as one line: its type and its message without line breaks."""
    return " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":")


def experiment(name: str) -> Callable[[Cell], Measured]:
    """The function `run` of the experiment module of this dotted name."""
    function: Callable[[Cell], Measured] = importlib.import_module(name).run
    return function


def call(target: str, *arguments: str) -> str:
    """Call package.module:function, which answers with a text, for the driver, which has no torch.

    The answer is the error in one line where there is one: the driver may not know its type.
    """
    module, _, function = target.partition(":")
    try:
        return str(getattr(importlib.import_module(module), function)(*arguments))
    except (Exception, SystemExit) as error:
        return one_line(error)
