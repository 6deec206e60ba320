"""What is measured when: claim by claim, and seed by seed where a run is sequential."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import mean

from bnref.evidence.cell import Cell, digest, identity
from bnref.evidence.claim import PlannedCell
from bnref.evidence.judging import Failures, Lookup, judge
from bnref.evidence.question import Question
from bnref.evidence.sequential import FIRST_LOOK


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


def kind(cell: Cell) -> str:
    """A name for runs that take equally long: all of the cell but its seed."""
    return digest([cell.experiment, cell.arm, cell.device])


def shared(selected: Sequence[Entry]) -> int:
    """How many runs are saved because claims that need the same cell share it."""
    return len(selected) - len({identity(entry.planned.cell) for entry in selected})


def ordered(selected: Iterable[Entry], history: Mapping[str, float]) -> list[Entry]:
    """Headline claims first, the cheapest first among them, and of a claim the longest runs first.

    So verdicts come early, and the last run of a claim, for which all but one worker may wait where
    no other claim follows, is a short one. A kind that is not in the history takes the mean.
    """
    unknown = mean(history.values()) if history else 1.0
    lines: dict[str, list[tuple[float, Entry]]] = {}
    for entry in selected:
        seconds = history.get(kind(entry.planned.cell), unknown)
        lines.setdefault(entry.question.id, []).append((seconds, entry))

    def place(group: list[tuple[float, Entry]]) -> tuple[bool, float]:
        headline = group[0][1].question.claim.headline
        return not headline, sum(seconds for seconds, _ in group)

    return [
        entry
        for group in sorted(lines.values(), key=place)
        for _, entry in sorted(group, key=lambda line: -line[0])
    ]


def reached(question: Question, lookup: Lookup, failures: Failures) -> Question:
    """A sequential question on the seeds that it needs so far, in numerical order.

    They are all measured where the claim is decided or cannot be any more. Else they go on to the next
    one that can decide it: no verdict can come before. A question that came from here goes on where it
    was.
    """
    asked = (
        question if question.seeds else replace(question, seeds=question.first_seeds(FIRST_LOOK))
    )
    while True:
        finding = judge(asked, lookup, failures)
        if finding.trajectory is None:  # a cell is missing or failed, or the effect cannot be had
            return asked
        if finding.trajectory.further == 0:
            return replace(asked, seeds=asked.first_seeds(finding.n_seeds))
        count = len(asked.seeds or ()) + finding.trajectory.further
        asked = replace(asked, seeds=asked.first_seeds(count))
