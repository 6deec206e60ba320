"""What runs inside a worker process: packs of cells one after another, their records written by it."""

import importlib
import os
import signal
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Sequence
from multiprocessing.queues import SimpleQueue
from pathlib import Path

import msgspec

from bnref.evidence.cell import Cell, Provenance, key, pack
from bnref.evidence.provenance import KERNELS, environment
from bnref.evidence.record import Measured, Record, sealed
from bnref.evidence.store import Failure, Store, StoreError

PARENT_POLL_SECONDS = 0.5
TOGETHER_SECONDS = 0.1
"""How long cells run until their records are kept: what a killed worker or a power cut can cost."""


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """A cell to measure, with the provenance that the driver named it by. `name` is for people.

    The cells of its pack are measured with it: they differ in the seed alone.
    """

    name: str
    cell: Cell
    provenance: Provenance

    @property
    def key(self) -> str:
        """The store's key of the record that will come of it."""
        return key(self.cell, self.provenance)

    @property
    def size(self) -> int:
        """How many cells are measured."""
        return len(pack(self.cell))

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of all records that will come of it, those of its pack."""
        return tuple(key(cell, self.provenance) for cell in pack(self.cell))


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a task ended: its records (`error` empty), a failure, or a store that cannot be written.

    `seconds` are those of one record, a pack's time divided among its cells; `warned` what was warned
    of while it ran.
    """

    task: Task
    seconds: float = 0.0
    diverged: bool = False
    error: str = ""
    warned: tuple[str, ...] = ()
    store_broken: bool = False


def begin(driver: int, dealt: "SimpleQueue[str] | None" = None) -> None:
    """Set a fresh worker up: it leaves Ctrl-C to the driver and ends when the driver is gone.

    The next GPU that was dealt, if any, becomes the only one it sees, before it imports torch.
    """
    if dealt is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = dealt.get()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    threading.Thread(target=_end_with, args=(driver,), daemon=True).start()


def _end_with(driver: int) -> None:
    while os.getppid() == driver:
        time.sleep(PARENT_POLL_SECONDS)
    os._exit(1)


def measure(tasks: Sequence[Task], store: Path) -> list[Outcome]:
    """Run the tasks in turn, then keep their records at once; those kept are told of, in order.

    The first runs in any case, the next while less than TOGETHER_SECONDS have passed: a long cell is
    kept when it ends, and short ones share the wait for the disk.
    """
    kept = Store(store)
    until = time.perf_counter() + TOGETHER_SECONDS
    records: list[Record] = []
    outcomes: list[Outcome] = []
    try:
        for task in tasks:
            if outcomes and time.perf_counter() > until:
                break
            try:
                with warnings.catch_warnings(record=True) as heard:
                    found = measured(task)
            except (Exception, SystemExit) as error:
                outcomes.append(_failed(kept, task, error))
            else:
                records += found
                diverged = any(record.diverged for record in found)
                seconds = found[0].seconds
                said = tuple(dict.fromkeys(" ".join(str(w.message).split()) for w in heard))
                outcomes.append(Outcome(task=task, seconds=seconds, diverged=diverged, warned=said))
        kept.put(*records)
    except StoreError as error:
        return [Outcome(task=tasks[0], error=str(error), store_broken=True)]
    return outcomes


def measured(task: Task) -> list[Record]:
    """The records of a task's pack. Raises whatever the experiment raises."""
    if task.cell.device == "cuda":
        importlib.import_module(KERNELS).choose()
    started = time.perf_counter()
    cells = pack(task.cell)
    found = experiment(task.cell.experiment)(cells)
    seconds = round((time.perf_counter() - started) / len(cells), 3)
    return [
        _record(cell, task.provenance, one, seconds) for cell, one in zip(cells, found, strict=True)
    ]


def _record(cell: Cell, provenance: Provenance, measured: Measured, seconds: float) -> Record:
    return sealed(
        Record(
            cell=cell,
            provenance=provenance,
            metrics={name: float(value) for name, value in measured.metrics.items()},
            series=measured.series,
            diverged=measured.diverged,
            seconds=seconds,
            environment=environment(cell.device, threads=1),
            data=measured.data,
        )
    )


def _failed(store: Store, task: Task, error: BaseException) -> Outcome:
    reason = one_line(error)
    norm = str(task.cell.arm.get("norm"))
    if ":" in norm and (advice := call("bnref.lab.try_norm:advice", norm)):
        reason += f"; {advice}"
    store.fail(task.key, Failure(cell=task.cell, reason=reason, details=traceback.format_exc()))
    return Outcome(task=task, error=reason)


def one_line(error: BaseException) -> str:
    """An exception as one line: its type and its message without line breaks."""
    return " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":")


def experiment(name: str) -> Callable[[tuple[Cell, ...]], list[Measured]]:
    """What measures a pack: `run_pack` of the module of this name, else its `run` cell by cell."""
    module = importlib.import_module(name)
    if hasattr(module, "run_pack"):
        together: Callable[[tuple[Cell, ...]], list[Measured]] = module.run_pack
        return together
    return lambda cells: [module.run(cell) for cell in cells]


def call(target: str, *arguments: str) -> str:
    """Call package.module:function, which answers with a text, for the driver, which has no torch.

    The answer is the error in one line where there is one: the driver may not know its type.
    """
    module, _, function = target.partition(":")
    try:
        return str(getattr(importlib.import_module(module), function)(*arguments))
    except (Exception, SystemExit) as error:
        return one_line(error)
