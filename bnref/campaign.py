"""One run over a selection of claims: plan the cells, measure what is missing, judge, write."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bnref.evidence.cell import Cell, identity, pack
from bnref.evidence.finding import Finding
from bnref.evidence.judging import judge
from bnref.evidence.provenance import provenance
from bnref.evidence.question import Question
from bnref.evidence.record import Record
from bnref.evidence.store import Store, StoreError
from bnref.execution.local import run
from bnref.execution.worker import Outcome, Task
from bnref.report import published, readme, write
from bnref.report.drawn import painters
from bnref.report.judged import Judged, judged
from bnref.schedule import Entry, kind, ordered, reached

INTERRUPTED = "interrupted"
"""Why measuring ended where Ctrl-C ended it."""


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
    reached: dict[str, Question] = field(default_factory=dict)
    """The sequential questions by id, on the seeds that they have come to."""

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

    def missing(self, selected: Iterable[Entry], history: Mapping[str, float]) -> list[Task]:
        """One task for each pack that lacks a selected cell's record, in the order of measuring.

        A pack is measured whole. Cells that have failed in this run are not tried again.
        """
        lacking = [entry for entry in selected if self.lookup(entry.planned.cell) is None]
        tasks: dict[str, Task] = {}
        for entry in ordered(lacking, history):
            cell = entry.planned.cell
            name = identity(pack(cell)[0])
            if name not in tasks and identity(cell) not in self.failures:
                tasks[name] = self.task(cell, entry.id)
        return list(tasks.values())

    def current(self, question: Question) -> Question:
        """The question; where it is sequential, on the seeds that its verdict needs so far."""
        if not question.sequential or question.setting is None:
            return question
        asked = reached(self.reached.get(question.id, question), self.lookup, self.failures)
        self.reached[question.id] = asked
        return asked

    def wave(self, selected: Iterable[Entry]) -> list[Entry]:
        """Those of the lines that are needed now: all but later seeds of sequential questions."""
        lines = list(selected)
        questions = {line.question.id: line.question for line in lines if line.question.sequential}
        seeds = {name: set(self.current(q).seeds or ()) for name, q in questions.items()}
        return [
            line
            for line in lines
            if line.question.id not in seeds or line.planned.cell.seed in seeds[line.question.id]
        ]

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
                for cell in pack(outcome.task.cell):
                    self.failures[identity(cell)] = outcome.error
            tell(outcome)

        try:
            run(tasks, self.store, self.workers, note)
        except KeyboardInterrupt:
            self.stopped = INTERRUPTED
        except StoreError as error:
            self.stopped = str(error)

    def judge(self, questions: Iterable[Question]) -> list[Judged]:
        """The findings of these questions on the records there are."""
        asked = [self.current(question) for question in questions]
        return judged(asked, self.lookup, self.failures)

    def finding(self, question: Question) -> Finding:
        """One question judged by itself, before Holm's adjustment over its family."""
        return judge(self.current(question), self.lookup, self.failures)


def conclude(root: Path, findings: Sequence[Judged], *, publish: bool) -> Path:
    """Write the report, to reports/ with its records and the README where it is to be published.

    Returns the path of the page to read.
    """
    folder = root / "reports" if publish else root / ".bnref" / "report"
    if publish:
        kept = {name: record for item in findings for name, record in item.records.items()}
        published.publish(folder, kept.values())
    with painters(sum(len(item.finding.figures) for item in findings)) as pool:
        write.write(folder, findings, pool)
    if publish:
        readme.update(root / "README.md", findings)
    return folder / "report.html"
