"""One run over a selection of claims: plan the cells, measure what is missing, judge, write."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bnref.evidence.cell import Cell, digest, identity
from bnref.evidence.claim import PlannedCell
from bnref.evidence.provenance import provenance
from bnref.evidence.question import Question
from bnref.evidence.record import Record
from bnref.evidence.store import Store, StoreError
from bnref.execution.local import run
from bnref.execution.worker import Outcome, Task
from bnref.report import published, readme, write
from bnref.report.judged import Judged, judged

INTERRUPTED = "interrupted"
"""Why measuring ended where Ctrl-C ended it."""


@dataclass(frozen=True)
class Entry:
    """One cell under the name that one claim gives it: a line of the matrix, a test id."""

    question: Question
    planned: PlannedCell

    @property
    def id(self) -> str:
        """Short, stable and ASCII: WH18-1-group_norm-b2-s104."""
        return f"{self.question.id}-{self.planned.arm.name}-s{self.planned.cell.seed}"


def entries(question: Question) -> tuple[Entry, ...]:
    """The lines of the matrix that a question needs."""
    return tuple(Entry(question, planned) for planned in question.cells())


@dataclass
class Campaign:
    """What one run knows: its questions, its store, the records found and what went wrong."""

    questions: tuple[Question, ...]
    store: Store
    workers: int
    records: dict[str, Record] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    stopped: str = ""
    """Why measuring ended early, where it did."""

    def lookup(self, cell: Cell) -> Record | None:
        """The record of a cell, measured by this very code, data, torch and device."""
        name = identity(cell)
        if name not in self.records:
            record = self.store.get(self.task(cell).key)
            if record is None:
                return None
            self.records[name] = record
        return self.records[name]

    @staticmethod
    def task(cell: Cell, name: str = "") -> Task:
        """The task that would measure a cell."""
        return Task(name=name, cell=cell, provenance=provenance(cell))

    def missing(self, selected: Iterable[Entry], history: dict[str, float]) -> list[Task]:
        """One task for each cell that has no record, longest first by the recorded times."""
        tasks: dict[str, Task] = {}
        for entry in selected:
            name = identity(entry.planned.cell)
            if name not in tasks and self.lookup(entry.planned.cell) is None:
                tasks[name] = self.task(entry.planned.cell, entry.id)
        return sorted(tasks.values(), key=lambda task: -history.get(kind(task.cell), 0.0))

    def history(self, reports: Path) -> dict[str, float]:
        """Median seconds of every kind of run, from this store's records and the published ones."""
        seconds: dict[str, list[float]] = {}
        try:
            known = published.load(reports)
        except StoreError:
            known = []
        for record in [*known, *self.records.values()]:
            seconds.setdefault(kind(record.cell), []).append(record.seconds)
        return {name: median(values) for name, values in seconds.items()}

    def measure(self, tasks: Sequence[Task], tell: Callable[[Outcome], None]) -> None:
        """Measure the tasks; Ctrl-C and a broken store stop it, and what is there is judged."""

        def note(outcome: Outcome) -> None:
            if outcome.error:
                self.failures[identity(outcome.task.cell)] = outcome.error
            tell(outcome)

        try:
            run(tasks, self.store, self.workers, note)
        except KeyboardInterrupt:
            self.stopped = INTERRUPTED
        except StoreError as error:
            self.stopped = str(error)

    def judge(self, questions: Iterable[Question]) -> list[Judged]:
        """The findings of these questions on the records there are."""
        return judged(list(questions), self.lookup, self.failures)


def kind(cell: Cell) -> str:
    """A name for runs that take equally long: all of the cell but its seed."""
    return digest([cell.experiment, cell.arm, cell.device])


def conclude(root: Path, findings: Sequence[Judged], *, publish: bool) -> Path:
    """Write the report, to reports/ with its records and the README where it is to be published.

    Returns the path of the page to read.
    """
    folder = root / "reports" if publish else root / ".bnref" / "report"
    if publish:
        kept = {name: record for item in findings for name, record in item.records.items()}
        published.publish(folder, kept.values())
    write.write(folder, findings)
    if publish:
        readme.update(root / "README.md", findings)
    return folder / "report.html"
