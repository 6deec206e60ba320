"""The executor's seam: pools that break at the worst moments, without a process."""

import os
import platform
import resource
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import msgspec
import pytest

from bnref.evidence.cell import Cell
from bnref.evidence.provenance import environment, provenance
from bnref.evidence.store import Store
from bnref.execution import local, worker
from bnref.execution.local import MOST_TOGETHER, process_pool, run
from bnref.execution.worker import Task

PROJECT = Path(__file__).parent.parent / "fake_bench"


class Fragile(Executor):
    """Runs at once what is submitted; the first pool breaks, as it is told to."""

    pools = 0

    def __init__(self, breaks: str) -> None:
        Fragile.pools += 1
        self.breaks = breaks if Fragile.pools == 1 else "never"

    def submit(self, function, /, *arguments):
        if self.breaks == "before":
            raise BrokenProcessPool
        future: Future = Future()
        outcome = function(*arguments)
        if self.breaks == "after":
            future.set_exception(BrokenProcessPool())
        else:
            future.set_result(outcome)
        return future


@pytest.fixture
def make_tasks(tmp_path, monkeypatch):
    """Cells of the lab without torch, run in this process."""
    monkeypatch.syspath_prepend(PROJECT)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Fragile, "pools", 0)
    usual = {"of": "L-1", "level": "low", "gap": 0.0, "seconds": 0.0, "does": "measures", "at": ""}

    def make(count: int, **arm) -> list[Task]:
        cells = [
            Cell(
                experiment="fake_lab.sleepy",
                arm={**usual, **arm},
                seed=100 + number,
                scale="small",
                device="cpu",
            )
            for number in range(count)
        ]
        return [
            Task(name=f"L-1-low-s{cell.seed}", cell=cell, provenance=provenance(cell))
            for cell in cells
        ]

    return make


@pytest.fixture
def tasks(make_tasks):
    """Three of them."""
    return make_tasks(3)


@pytest.mark.parametrize("breaks", ["before", "after"])
def test_a_pool_that_breaks_costs_no_record_and_no_task(tasks, tmp_path, breaks):
    store, told = Store(tmp_path / "store"), []
    run(tasks, store, 2, told.append, lambda workers: Fragile(breaks))
    assert Fragile.pools == 2
    assert sorted(outcome.task.name for outcome in told) == [task.name for task in tasks]
    assert not any(outcome.error for outcome in told)
    assert all(store.get(task.key) for task in tasks)
    started = [line for line in Path("runs.log").read_text().splitlines() if "start" in line]
    assert len(started) == 3, "what was finished when the pool broke is not measured again"


def test_ctrl_c_ends_the_run_and_keeps_what_is_finished(tasks, tmp_path):
    store = Store(tmp_path / "store")

    def interrupted(outcome):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tasks, store, 1, interrupted, lambda workers: Fragile("never"))
    assert [store.get(task.key) is not None for task in tasks] == [True, False, False]


@pytest.mark.parametrize("failure", [RuntimeError("the coffee\nis cold"), SystemExit("enough")])
def test_whatever_an_experiment_raises_is_a_failure(tasks, tmp_path, monkeypatch, failure):
    def fails(cell):
        raise failure

    monkeypatch.setattr("fake_lab.sleepy.run", fails)
    store, told = Store(tmp_path / "store"), []
    run(tasks[:1], store, 1, told.append, lambda workers: Fragile("never"))
    (outcome,) = told
    assert outcome.error in ("RuntimeError: the coffee is cold", "SystemExit: enough")
    assert store.get(tasks[0].key) is None
    assert len(list((tmp_path / "store" / "failures").glob("*/*.json"))) == 1


class Counting(Fragile):
    """Notes how many tasks are submitted at once, and dies of the cell of one seed."""

    def __init__(self, batches: list[int], killer: int = 0) -> None:
        super().__init__("never")
        self.batches, self.killer = batches, killer

    def submit(self, function, /, tasks, *arguments):
        self.batches.append(len(tasks))
        if self.killer in [task.cell.seed for task in tasks]:
            future: Future = Future()
            future.set_exception(BrokenProcessPool())
            return future
        return super().submit(function, tasks, *arguments)


def test_cells_of_an_instant_go_out_many_at_once(make_tasks, tmp_path):
    tasks, store = make_tasks(1000), Store(tmp_path / "store")
    batches, told = [], []
    run(tasks, store, 1, told.append, lambda workers: Counting(batches))
    assert batches[:3] == [1, 2, 4], "one first: nobody knows how long it takes"
    assert max(batches) <= MOST_TOGETHER
    assert len(batches) < 100
    assert [outcome.task for outcome in told] == tasks
    assert all(store.get(task.key) for task in tasks)


def test_long_cells_go_out_one_by_one_and_are_kept_as_they_end(make_tasks, tmp_path, monkeypatch):
    monkeypatch.setattr(local, "TOGETHER_SECONDS", 0.02)
    tasks, store, batches = make_tasks(6, seconds=0.01), Store(tmp_path / "store"), []
    run(tasks, store, 1, lambda outcome: None, lambda workers: Counting(batches))
    assert batches == [1] * 6


def test_a_long_cell_ends_its_batch_and_the_rest_go_back(make_tasks, tmp_path, monkeypatch):
    monkeypatch.setattr(worker, "TOGETHER_SECONDS", 0.1)
    brief, long = make_tasks(7), make_tasks(3, seconds=0.11)
    tasks = [*brief[:3], *long, *brief[3:]]
    store, batches, told = Store(tmp_path / "store"), [], []
    run(tasks, store, 1, told.append, lambda workers: Counting(batches))
    assert [outcome.task for outcome in told] == tasks, "each once, and in the order of the plan"
    assert batches[:4] == [1, 2, 4, 1], "of the four only the first was begun"
    started = [line for line in Path("runs.log").read_text().splitlines() if "start" in line]
    assert len(started) == len(tasks)


def test_of_many_in_flight_only_the_one_that_kills_its_worker_fails(make_tasks, tmp_path):
    tasks, store, batches, told = make_tasks(40), Store(tmp_path / "store"), [], []
    run(tasks, store, 1, told.append, lambda workers: Counting(batches, killer=105))
    (failed,) = [outcome for outcome in told if outcome.error]
    assert (failed.task, failed.error) == (tasks[5], local.DIED)
    assert len(told) == 40
    assert [task.cell.seed for task in tasks if store.get(task.key) is None] == [105]
    assert Fragile.pools == 4, "one per death and one more for what was left of each queue"


def which_gpu(number: int) -> str:
    """What a worker sees, after a moment in which the others start too."""
    time.sleep(0.5)
    return os.environ.get("CUDA_VISIBLE_DEVICES", "all")


@pytest.mark.parametrize(
    ("dealt", "seen"),
    [(("GPU-a", "GPU-b"), {"GPU-a": 2, "GPU-b": 2}), ((), {"all": 4})],
    ids=["two GPUs", "none"],
)
def test_workers_are_dealt_to_the_gpus_in_turn(monkeypatch, dealt, seen):
    monkeypatch.syspath_prepend(Path(__file__).parent)
    monkeypatch.setattr(which_gpu, "__module__", Path(__file__).stem)
    monkeypatch.setitem(sys.modules, Path(__file__).stem, sys.modules[__name__])
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    with process_pool(4, dealt) as pool:
        assert Counter(pool.map(which_gpu, range(4))) == seen
    assert "CUDA_VISIBLE_DEVICES" not in os.environ, "the driver sees what it saw"


@pytest.mark.parametrize(("device", "dealt"), [("cuda", ("GPU-a", "GPU-b")), ("cpu", ())])
def test_only_cells_on_a_gpu_have_their_workers_dealt(tasks, tmp_path, monkeypatch, device, dealt):
    pools, chosen = [], []

    def opened(workers, gpus):
        pools.append((workers, gpus))
        return Fragile("never")

    monkeypatch.setattr(local, "gpus", lambda: ("GPU-a", "GPU-b"))
    monkeypatch.setattr(local, "process_pool", opened)
    monkeypatch.setattr("bnref.lab.kernels.choose", lambda: chosen.append(device))
    monkeypatch.setattr(worker, "environment", lambda device, threads: environment("cpu", 1))
    there = [
        msgspec.structs.replace(task, cell=msgspec.structs.replace(task.cell, device=device))
        for task in tasks
    ]
    told = []
    run(there, Store(tmp_path / "store"), 2, told.append)
    assert pools == [(2, dealt)]
    assert [outcome.error for outcome in told] == ["", "", ""]
    assert chosen == ["cuda"] * 3 * bool(dealt), "kernels are chosen before each cell on a GPU"


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="malloc is not glibc's")
def test_a_worker_keeps_the_memory_that_a_step_frees_for_the_next():
    script = """
import resource
import numpy as np
faults = []
for _ in range(40):
    blocks = [np.ones(1 << 17) for _ in range(8)]  # 1 MiB each
    del blocks
    faults.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
print(faults[-1] - faults[19])
"""
    with local._pool(1, process_pool) as pool:
        done = pool.submit(subprocess.check_output, [sys.executable, "-c", script]).result()
    pages = 20 * 8 * (1 << 20) // resource.getpagesize()
    assert int(done) < pages / 20, "blocks were given back to the system and taken anew"


def test_tunables_that_somebody_set_reach_the_workers(monkeypatch):
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.perturb=0")
    with local._pool(1, process_pool) as pool:
        assert pool.submit(os.getenv, "GLIBC_TUNABLES").result() == "glibc.malloc.perturb=0"
    assert os.environ["GLIBC_TUNABLES"] == "glibc.malloc.perturb=0"
