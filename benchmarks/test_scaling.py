"""What workers gain and what the suite itself costs: `pytest benchmarks/test_scaling.py -m speed`.

Efficiency: cells per second of two workers over twice those of one, on training runs of the
learning-rate matrix. Blocks of both alternate; the clock of a block starts when its workers are warm.
The CPU time of the workers is read beside it, and how many cores the rest of the machine took: where
others work, wall time says nothing, and the test says so instead of judging.

Overhead: cells that measure nothing, planned, run by two workers, stored, looked up and judged. The
start of the workers is not counted, nor what pytest itself needs for a test.

Report: `bnref report` on a made-up project with as many published records, figures included.
"""

import multiprocessing
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import pytest

from bnref.campaign import Campaign
from bnref.evidence.cell import Cell, Provenance
from bnref.evidence.claim import Claim, Paper, Setting, grid, plan
from bnref.evidence.provenance import environment
from bnref.evidence.question import Question
from bnref.evidence.record import Record, sealed
from bnref.evidence.store import Store, write_lines
from bnref.evidence.verdict import above
from bnref.execution.local import run
from bnref.execution.worker import Outcome, Task
from bnref.progress import Progress
from bnref.report import readme
from bnref.schedule import entries
from reproductions.beds import SWEEP

WORKERS = 2
AT_LEAST = 0.9
QUIET = 0.1
"""Cores that other programs may take while efficiency is judged."""
BLOCKS, WARM, COUNTED = 5, 6, 12
TRAINING = replace(SWEEP, arms=grid(norm=("batch_norm",), learning_rate=(0.125,)))

SIZES = (1_000, 100_000)
AT_MOST_MS, FLAT = 1.0, 1.5
PER_CLAIM = 500
NOTHING = """
from bnref.evidence.record import Measured


def run(cell):
    return Measured(metrics={"value": cell.seed % 7 + 2.0 * (cell.arm["level"] == "high")})
"""
RECORDS, REPORT_SECONDS = 100_000, 10.0
CLAIMS, NORMS, RATES, LOSSES = 10, ("batch_norm", "identity"), 10, 50
SEEDS = RECORDS // (CLAIMS * len(NORMS) * RATES)
MATRIX = """
from bnref.evidence.claim import Claim, Setting, Substitution, grid
from bnref.evidence.figure import Band, Curve
from bnref.evidence.verdict import above


def rise(rows):
    best = [min(row["error"] for row in rows.where(norm=norm)) for norm in {norms}]
    return best[1] - best[0]


CLAIM = Claim(
    id="MANY-{number}",
    locator="",
    statement="Made up.",
    settings={{
        "small": Setting(
            experiment="measures_nothing",
            arms=grid(norm={norms}, learning_rate=tuple(0.5**i for i in range({rates}))),
            seeds={seeds},
            fixed={{"of": {number}}},
        )
    }},
    effect=rise,
    region=above(0.2),
    unit="points",
    figures=(
        Curve(x="learning_rate", y="error", hue="norm", log_x=True),
        Band(series="loss", hue="norm"),
    ),
    substitution=Substitution(better="higher", margin=1.0),
)
"""

pytestmark = [
    pytest.mark.speed,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc, as Linux has it"),
    pytest.mark.skipif(
        len(os.sched_getaffinity(0)) < WORKERS, reason=f"{WORKERS} workers need as many cores"
    ),
]


@dataclass(frozen=True)
class Block:
    """Per cell: seconds of wall time and of the workers' CPU time. Cores that others took; peak MB."""

    wall: float
    cpu: float
    others: float
    peak_mb: float


def test_two_workers_do_twice_the_work_of_one(
    tmp_path: Path,
    bn_device: str,
    performance: dict[str, object],
    capsys: pytest.CaptureFixture[str],
) -> None:
    if bn_device != "cpu":
        pytest.skip("workers of one thread each, on the CPU")
    alone, both = [], []
    for block in range(BLOCKS):
        alone.append(trained(tmp_path / f"alone{block}", 1))
        both.append(trained(tmp_path / f"both{block}", WORKERS))
    pairs = list(zip(alone, both, strict=True))
    efficiency = median(one.wall / (WORKERS * two.wall) for one, two in pairs)
    cpu = median(one.cpu / two.cpu for one, two in pairs)
    others = median(block.others for block in (*alone, *both))
    peak = max(block.peak_mb for block in (*alone, *both))
    scaling = performance.setdefault("scaling", {})
    assert isinstance(scaling, dict)
    scaling |= {
        "workers": WORKERS,
        "efficiency": round(efficiency, 3),
        "cpu_efficiency": round(cpu, 3),
        "cores_of_others": round(others, 2),
        "peak_mb_per_worker": round(peak),
    }
    with capsys.disabled():
        print(
            f"\n{WORKERS} workers: efficiency {efficiency:.2f} by wall time, {cpu:.2f} by CPU time "
            f"({BLOCKS} blocks); a worker's peak is {peak:.0f} MB; others took {others:.2f} cores"
        )
    if others > QUIET:
        pytest.skip(f"other programs took {others:.2f} cores: efficiency not judged")
    assert efficiency >= AT_LEAST


def trained(store: Path, workers: int) -> Block:
    """One block of training runs; counts from the WARM-th that ends to the last."""
    cells = [p.cell for p in plan(TRAINING, "small", "cpu", seeds=range(WARM + COUNTED))]
    marks: list[tuple[float, float, float]] = []
    peaks: list[float] = []

    def tell(outcome: Outcome) -> None:
        assert not outcome.error, outcome.error
        marks.append((time.perf_counter(), *busy()))
        peaks.extend(peak_mb(child.pid) for child in multiprocessing.active_children())

    run([Campaign.task(cell) for cell in cells], Store(store), workers, tell)
    wall, machine, ours = (b - a for a, b in zip(marks[WARM - 1], marks[-1], strict=True))
    return Block(wall / COUNTED, ours / COUNTED, max(0.0, machine - ours) / wall, max(peaks))


def busy() -> tuple[float, float]:
    """Seconds of CPU time since the start: of the whole machine, and of this process' workers."""
    tick = os.sysconf("SC_CLK_TCK")
    user, nice, system, *_ = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    workers = 0
    for child in multiprocessing.active_children():
        after_name = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
        workers += int(after_name[11]) + int(after_name[12])
    return (int(user) + int(nice) + int(system)) / tick, workers / tick


def peak_mb(pid: int | None) -> float:
    """The largest resident memory that a process ever had."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def test_the_suite_itself_costs_less_than_a_millisecond_per_cell(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    performance: dict[str, object],
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "measures_nothing.py").write_text(NOTHING)
    monkeypatch.syspath_prepend(tmp_path)
    stages = {size: overhead(tmp_path / str(size), size) for size in SIZES}
    total = {size: sum(stages[size].values()) for size in SIZES}
    performance["overhead_ms_per_cell"] = {str(size): round(total[size], 3) for size in SIZES}
    with capsys.disabled():
        for size in SIZES:
            told = ", ".join(f"{name} {ms:.3f}" for name, ms in stages[size].items())
            print(f"\n{size} cells of nothing: {total[size]:.3f} ms per cell ({told})", end="")
        print()
    few, many = (total[size] for size in SIZES)
    assert max(few, many) <= AT_MOST_MS
    assert many <= FLAT * few, "the cost of a cell grows with their number"


def overhead(store: Path, size: int) -> dict[str, float]:
    """Milliseconds per cell of each stage of a run of this size, and of the run after it."""
    questions = [question(number) for number in range(size // PER_CLAIM)]
    campaign = Campaign(tuple(questions), Store(store), WORKERS)
    spent: dict[str, float] = {}

    def timed(stage: str, work: Callable[[], None]) -> None:
        started = time.perf_counter()
        work()
        spent[stage] = (time.perf_counter() - started) / size * 1e3

    tasks: list[Task] = []
    ends: list[float] = []

    def planned() -> None:
        selected = [line for question in questions for line in entries(question)]
        tasks.extend(campaign.missing(selected, {}))

    def tell(outcome: Outcome) -> None:
        assert not outcome.error, outcome.error
        progress.tell(outcome)
        ends.append(time.perf_counter())

    timed("plan", planned)
    progress = Progress(tasks, WORKERS, {}, lambda line: None)
    campaign.measure(tasks, tell)
    spent["run and store"] = (ends[-1] - ends[0]) / (len(ends) - 1) * 1e3
    timed("look up and judge", lambda: supported(campaign, questions))
    return spent


def supported(campaign: Campaign, questions: Sequence[Question]) -> None:
    findings = [judged.finding for judged in campaign.judge(questions)]
    assert {finding.status for finding in findings} == {"supported"}


def question(number: int) -> Question:
    """A claim of PER_CLAIM cells that measure nothing."""
    paper = Paper(cite_key="nobody", title="", authors="", year=2026, venue="")
    setting = Setting(
        experiment="measures_nothing",
        arms=grid(level=("low", "high")),
        seeds=PER_CLAIM // 2,
        fixed={"of": number},
    )
    claim = Claim(
        id=f"NOTHING-{number}",
        locator="",
        statement="",
        settings={"small": setting},
        effect=lambda rows: rows.one(level="high")["value"] - rows.one(level="low")["value"],
        region=above(1.0),
        unit="",
    )
    return Question(paper, claim, "small", "cpu")


def test_a_report_of_many_records_takes_seconds(
    tmp_path: Path, performance: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    assert published_project(tmp_path) == RECORDS
    seconds = reported(tmp_path, CLAIMS)
    scaling = performance.setdefault("scaling", {})
    assert isinstance(scaling, dict)
    scaling[f"report_of_{RECORDS}_records_s"] = round(seconds, 1)
    with capsys.disabled():
        print(f"\nthe report of {RECORDS} records of {CLAIMS} claims takes {seconds:.1f} s")
    assert seconds <= REPORT_SECONDS


def reported(root: Path, claims: int) -> float:
    """Seconds that `bnref report` takes, which must judge so many claims."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "bnref", "report", "--root", str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - started
    assert f"{claims} claims judged" in done.stdout, done.stderr
    return seconds


def published_project(root: Path, claims: int = CLAIMS, seeds: int = SEEDS) -> int:
    """A checkout with made-up claims, the records of all their cells published. Returns how many."""
    paper = root / "reproductions" / "nobody_2026"
    paper.mkdir(parents=True)
    (paper.parent / "__init__.py").touch()
    (root / "README.md").write_text(
        "".join(f"<!-- bnref:{name} -->\n<!-- /bnref:{name} -->\n" for name in readme.BLOCKS)
    )
    (paper / "__init__.py").write_text(
        "from bnref.evidence.claim import Paper\n\n"
        'PAPER = Paper(cite_key="nobody2026", title="", authors="", year=2026, venue="")\n'
    )
    arms = grid(norm=NORMS, learning_rate=tuple(0.5**i for i in range(RATES)))
    draw = random.Random(0)
    records = []
    for number in range(claims):
        text = MATRIX.format(number=number, norms=NORMS, rates=RATES, seeds=seeds)
        (paper / f"many_{number}.py").write_text(text)
        setting = Setting(
            experiment="measures_nothing", arms=arms, seeds=seeds, fixed={"of": number}
        )
        records += [made_up(one.cell, draw) for one in plan(setting, "small", "cpu")]
    write_lines(root / "reports" / "records" / "measures_nothing.jsonl", records)
    return len(records)


def made_up(cell: Cell, draw: random.Random) -> Record:
    provenance = Provenance(code="c" * 64, data="d" * 64, torch="2.14.1", device_model="none")
    worse = cell.arm["norm"] == "identity"
    return sealed(
        Record(
            cell=cell,
            provenance=provenance,
            metrics={"error": draw.random() + worse, "train_loss": draw.random(), "steps": 200.0},
            series={"loss": [2.0 / (1 + i) + draw.random() for i in range(LOSSES)]},
            diverged=False,
            seconds=0.4,
            environment=environment("cpu", threads=1),
        )
    )
