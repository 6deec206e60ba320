"""The first half of a run: measure what is missing, and tell each verdict when its cells are there."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from bnref.campaign import INTERRUPTED, Campaign
from bnref.evidence.cell import identity, pack
from bnref.evidence.finding import waiting
from bnref.evidence.question import Question
from bnref.execution.worker import Outcome, Task
from bnref.progress import Progress, result
from bnref.schedule import Entry, shared

Write = Callable[[str], None]
Tell = Callable[[Outcome], None]


def conduct(
    campaign: Campaign,
    selected: Sequence[Entry],
    asked: Sequence[Question],
    history: Mapping[str, float],
    write: Write,
    *,
    dry: bool,
) -> None:
    """Measure the missing cells of the selected lines; `dry` only says how many they are.

    A sequential run measures in waves: the seeds that every open claim needs next, until each is
    decided or cannot be. Raises StoreError or ProvenanceError before anything is measured where it
    cannot be; what stops it later is in `campaign.stopped`.
    """
    tasks = campaign.missing(campaign.wave(selected), history)
    progress = Progress(tasks, campaign.workers, history, write)
    write(progress.forecast(len(selected), shared(selected)))
    sequential = any(question.sequential for question in campaign.questions)
    if sequential:
        write("bnref: sequential: further seeds follow until each claim is decided")
    if dry or not tasks:
        return
    campaign.store.check()
    verdicts = Verdicts(campaign, asked, write)
    try:
        while tasks and not campaign.stopped:
            verdicts.expect(tasks)
            campaign.measure(tasks, _both(progress.tell, verdicts.note))
            tasks = campaign.missing(campaign.wave(selected), history) if sequential else []
            progress = Progress(tasks, campaign.workers, history, write)
    except KeyboardInterrupt:  # between two waves
        campaign.stopped = INTERRUPTED
    if campaign.stopped:
        write(f"bnref: stopped measuring: {campaign.stopped}")


def _both(first: Tell, second: Tell) -> Tell:
    def tell(outcome: Outcome) -> None:
        first(outcome)
        second(outcome)

    return tell


class Verdicts:
    """Judges each claim once, when the last of its missing cells has arrived, and says the verdict."""

    def __init__(self, campaign: Campaign, asked: Sequence[Question], write: Write) -> None:
        self.campaign, self.open, self.write = campaign, list(asked), write
        self.left: Counter[str] = Counter()
        self.waiting: dict[str, list[Question]] = {}

    def expect(self, tasks: Sequence[Task]) -> None:
        """Judge the claims that need none of the tasks; the others wait for theirs."""
        coming = {identity(cell) for task in tasks for cell in pack(task.cell)}
        for question in tuple(self.open):
            cells = self.campaign.current(question).cells()
            needed = {identity(planned.cell) for planned in cells} & coming
            self.left[question.id] = len(needed)
            for name in needed:
                self.waiting.setdefault(name, []).append(question)
            if not needed:
                self._judge(question)

    def note(self, outcome: Outcome) -> None:
        """A cell has arrived, or failed, with its pack."""
        for cell in pack(outcome.task.cell):
            for question in self.waiting.pop(identity(cell), ()):
                self.left[question.id] -= 1
                if self.left[question.id] == 0:
                    self._judge(question)

    def _judge(self, question: Question) -> None:
        """Say the verdict, unless cells were left out or further seeds are needed."""
        finding = self.campaign.finding(question)
        if not waiting(finding):
            self.open.remove(question)
            self.write(f"-> {finding.id}: {finding.status}, {result(finding)}")
