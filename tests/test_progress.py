"""The time left follows the kinds of run that are left, not how many they are."""

import re

from bnref.evidence.cell import Cell, Provenance
from bnref.execution.worker import Outcome, Task
from bnref.progress import Progress
from bnref.schedule import kind

NOWHERE = Provenance(code="c", data="none", torch="0", device_model="none")


def task(arm, seed):
    cell = Cell(experiment="x", arm={"arm": arm}, seed=seed, scale="small", device="cpu")
    return Task(name=f"X-1-{arm}-s{seed}", cell=cell, provenance=NOWHERE)


def left(line):
    minutes, seconds = re.search(r"(\d+):(\d\d) left", line).groups()
    return 60 * int(minutes) + int(seconds)


def run(monkeypatch, history):
    """One fast cell is done, after one second; nine slow ones of 100 s are left for two workers."""
    now = [0.0]
    monkeypatch.setattr("bnref.progress.time.monotonic", lambda: now[0])
    tasks = [task("fast", 0), *(task("slow", seed) for seed in range(9))]
    lines = []
    progress = Progress(tasks, workers=2, history=history(tasks), write=lines.append)
    forecast = progress.forecast(1204, 240)
    now[0] = 1.0
    progress.tell(Outcome(task=tasks[0], seconds=2.0))
    return forecast, lines[0]


def test_history_foretells_slow_kinds(monkeypatch):
    forecast, line = run(
        monkeypatch, lambda tasks: {kind(tasks[0].cell): 2.0, kind(tasks[1].cell): 100.0}
    )
    assert forecast == (
        "bnref: 10 cells to measure for 1,204 tests, 240 shared, about 7.5 min, 2 workers"
    )
    assert left(line) == 450, f"nine cells of 100 s for two workers are 450 s: {line}"
    assert line.startswith("[ 1/10] X-1-fast-s0 measured in 2.0 s")


def test_without_history_the_mean_of_what_was_seen_counts(monkeypatch):
    forecast, line = run(monkeypatch, lambda tasks: {})
    assert forecast == "bnref: 10 cells to measure for 1,204 tests, 240 shared, 2 workers"
    assert left(line) == 9, f"nine cells like the one of 2 s: {line}"


def test_failures_and_divergence_are_said(monkeypatch):
    lines = []
    tasks = [task("a", 0), task("a", 1)]
    progress = Progress(tasks, 1, {}, lines.append)
    progress.tell(Outcome(task=tasks[0], seconds=1.0, diverged=True))
    progress.tell(Outcome(task=tasks[1], error="ValueError: no"))
    assert "diverged in 1.0 s" in lines[0], lines
    assert "failed: ValueError: no" in lines[1], lines
