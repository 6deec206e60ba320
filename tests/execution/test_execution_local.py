"""The executor's seam: pools that break at the worst moments, without a process."""

from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest

from bnref.evidence.cell import Cell
from bnref.evidence.provenance import provenance
from bnref.evidence.store import Store
from bnref.execution.local import run
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
def tasks(tmp_path, monkeypatch):
    """Three cells of the lab without torch, run in this process."""
    monkeypatch.syspath_prepend(PROJECT)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Fragile, "pools", 0)
    arm = {"of": "L-1", "level": "low", "gap": 0.0, "seconds": 0.0, "does": "measures", "at": ""}
    cells = [
        Cell(experiment="fake_lab.sleepy", arm=arm, seed=seed, scale="small", device="cpu")
        for seed in (100, 101, 102)
    ]
    return [
        Task(name=f"L-1-low-s{cell.seed}", cell=cell, provenance=provenance(cell)) for cell in cells
    ]


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
