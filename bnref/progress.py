"""The lines of a run: one per finished cell, with the time left, and one per verdict."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from statistics import mean

from bnref.evidence.finding import Finding
from bnref.execution.worker import Outcome, Task
from bnref.schedule import kind


class Progress:
    """Counts finished cells and foretells the rest.

    A kind of run takes as long as in the history, or as long as it took in this run; one that was
    never seen takes the mean of those that were. What this machine needs more or less than the
    history says is taken from the cells that are done.
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        workers: int,
        history: Mapping[str, float],
        write: Callable[[str], None],
    ) -> None:
        self.workers, self.write = workers, write
        self.expected = dict(history)
        self.waiting: Counter[str] = Counter()
        for task in tasks:
            self.waiting[kind(task.cell)] += task.size
        self.total = self.waiting.total()
        self.done = 0
        self.foreseen = 0.0
        self.started = time.monotonic()

    def forecast(self, selected: int, shared: int) -> str:
        """How many cells are missing for the selected tests, of which so many have a run that another
        test has, too; and how long they take where every kind was seen before.
        """
        minutes = ""
        if self.waiting and all(name in self.expected for name in self.waiting):
            minutes = f", about {self._rest() / 60:.1f} min"
        return (
            f"bnref: {self.total:,} cells to measure for {selected:,} tests, {shared:,} shared{minutes}, "
            f"{self.workers} worker{'s' * (self.workers != 1)}"
        )

    def tell(self, outcome: Outcome) -> None:
        """Print one finished cell, or a pack by the name of one of its cells."""
        name, cells = kind(outcome.task.cell), outcome.task.size
        self.done += cells
        self.waiting[name] -= cells
        self.expected.setdefault(name, outcome.seconds)
        self.foreseen += self.expected[name] * cells / self.workers
        passed = time.monotonic() - self.started
        left = self._rest() * (passed / self.foreseen if self.foreseen else 1.0)
        state = f"{'diverged' if outcome.diverged else 'measured'} in {outcome.seconds:.1f} s"
        if outcome.warned:
            state += f" ({'; '.join(outcome.warned)})"
        if outcome.error:
            state = f"failed: {outcome.error}"
        width = len(str(self.total))
        self.write(
            f"[{self.done:{width}}/{self.total}] {outcome.task.name} {state}, "
            f"{int(left // 60)}:{int(left % 60):02d} left"
        )

    def _rest(self) -> float:
        """Expected seconds of wall time for the cells that are not done."""
        unknown = mean(self.expected.values()) if self.expected else 0.0
        seconds = (self.expected.get(name, unknown) * n for name, n in self.waiting.items())
        return sum(seconds) / self.workers


def result(finding: Finding) -> str:
    """The effect with its interval and number of seeds, or why there is none."""
    effect = finding.effect
    if effect is None:
        return finding.reason
    median, low, high = (
        "?" if value is None else f"{value:.3g}"
        for value in (effect.median, effect.low, effect.high)
    )
    marks = " (sequential)" if finding.trajectory else ""
    marks += "" if finding.registered else " (unregistered)"
    versus = finding.versus_reference
    compared = f"; no worse than batch_norm: {versus.no_worse}" if versus else ""
    return f"{median} [{low}, {high}] {effect.unit}, n={finding.n_seeds}{marks}{compared}"
