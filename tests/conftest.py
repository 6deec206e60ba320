"""A small project with made-up claims and an experiment without torch, for real runs of pytest."""

import json
import os
import shutil
import signal
import subprocess
import sysconfig
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parent.parent
PYTEST = Path(sysconfig.get_path("scripts")) / "pytest"
MATRIX = ("benchmarks/test_cells.py", "benchmarks/test_claims.py")
CLAIM = '''\
"""A made-up claim."""

from bnref.evidence.claim import Claim, Expectation, Setting, grid
from bnref.evidence.verdict import above

CLAIM = Claim(
    id="{id}",
    locator="page 1",
    statement="High is at least one point above low.",
    settings={{
        "small": Setting(
            experiment="fake_lab.{experiment}",
            arms=grid(level=("low", "high")),
            seeds={seeds},
            fixed={fixed},
        )
    }},
    effect=lambda rows: rows.one(level="high")["value"] - rows.one(level="low")["value"],
    region=above(1.0),
    unit="points",
    kind="{kind}",
    headline="{headline}",
    expected={{"small": Expectation(outcome="{expected}", because="It was so before.")}},
)
'''


@dataclass(frozen=True)
class Ran:
    """A run of pytest that has ended."""

    code: int
    text: str
    seconds: float

    def lines(self, *words: str) -> list[str]:
        """The lines of the output that hold all of the words."""
        return [line for line in self.text.splitlines() if all(word in line for word in words)]


@dataclass
class Running:
    """A run of pytest in a process group of its own."""

    bench: "Bench"
    process: "subprocess.Popen[str]"
    started: float = field(default_factory=time.monotonic)

    def wait(self, timeout: float = 60) -> Ran:
        """The run when it has ended."""
        text, _ = self.process.communicate(timeout=timeout)
        return Ran(self.process.returncode, text, time.monotonic() - self.started)

    def signal_all(self, number: signal.Signals) -> None:
        """Signal the whole process group, as Ctrl-C in a terminal does."""
        os.killpg(self.process.pid, number)


@dataclass
class Bench:
    """The project: claims are written into it, and it is run as a user would run it."""

    root: Path
    running: list[Running] = field(default_factory=list)

    def claim(
        self,
        name: str,
        *,
        seeds: int = 6,
        kind: str = "statistical",
        expected: str = "supported",
        headline: str = "",
        experiment: str = "sleepy",
        **fixed: Any,
    ) -> None:
        """Write a claim file. See fake_lab/{experiment}.py for what can be fixed."""
        usual = {"of": name, "gap": 2.0, "seconds": 0.0, "does": "measures", "at": ""}
        text = CLAIM.format(
            id=name,
            seeds=seeds,
            fixed=usual | fixed,
            kind=kind,
            expected=expected,
            headline=headline,
            experiment=experiment,
        )
        file = name.lower().replace("-", "_")
        self.write(f"reproductions/somebody_2020/{file}.py", text)

    def write(self, path: str, text: str) -> None:
        """Write a file of the project."""
        (self.root / path).write_text(text)

    def start(self, *arguments: str, **more: Any) -> Running:
        """Start `pytest benchmarks` with these arguments, stdout and stderr together."""
        # Where CI is set, pytest repeats each failure in full in its summary.
        env = {name: value for name, value in os.environ.items() if name != "CI"}
        process = subprocess.Popen(
            [PYTEST, "benchmarks", "-p", "no:cacheprovider", "-p", "no:benchmark", *arguments],
            cwd=self.root,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            **more,
        )
        self.running.append(Running(self, process))
        return self.running[-1]

    def run(self, *arguments: str, **more: Any) -> Ran:
        """Run `pytest benchmarks` with these arguments to its end."""
        return self.start(*arguments, **more).wait()

    def log(self, event: str) -> list[tuple[str, int]]:
        """The runs that started or ended so far, and the process of each."""
        log = self.root / "runs.log"
        lines = log.read_text().splitlines() if log.exists() else []
        parts = [line.split() for line in lines]
        return [(name, int(pid)) for kind, name, pid in parts if kind == event]

    def count(self, event: str) -> Counter[str]:
        """How often each run started or ended."""
        return Counter(name for name, _ in self.log(event))

    def workers(self) -> set[int]:
        """The processes that ever started a run."""
        return {pid for _, pid in self.log("start")}

    def records(self) -> list[Path]:
        """The files of the records in the store."""
        return sorted((self.root / ".bnref" / "store" / "records").glob("*/*"))

    def findings(self, folder: str = ".bnref/report") -> dict[str, Any]:
        """The findings of the last report, by id."""
        document = json.loads((self.root / folder / "findings.json").read_text())
        return {finding["id"]: finding for finding in document["findings"]}

    def statuses(self, folder: str = ".bnref/report") -> dict[str, str]:
        """The status of each finding of the last report."""
        return {name: finding["status"] for name, finding in self.findings(folder).items()}


def new_bench(root: Path) -> Iterator[Bench]:
    """A project like this one, with no claim yet; its runs are over when the test is."""
    shutil.copytree(REPOSITORY / "tests" / "fake_bench", root, dirs_exist_ok=True)
    (root / "benchmarks").mkdir()
    for name in ("conftest.py", "pyproject.toml", *MATRIX):
        shutil.copy(REPOSITORY / name, root / name)
    project = Bench(root)
    yield project
    for running in project.running:
        if running.process.poll() is None:
            running.signal_all(signal.SIGKILL)
            running.process.communicate()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A project like this one, with no claim yet."""
    yield from new_bench(tmp_path)


@pytest.fixture
def another_bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A second project."""
    yield from new_bench(tmp_path_factory.mktemp("second"))


@pytest.fixture
def a_third_bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A third project."""
    yield from new_bench(tmp_path_factory.mktemp("third"))
