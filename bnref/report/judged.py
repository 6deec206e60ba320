"""A question with its finding and the records behind it: all that a page shows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

import msgspec

from bnref.evidence.cell import Cell, identity
from bnref.evidence.claim import Rows, row
from bnref.evidence.finding import Finding
from bnref.evidence.judging import Failures, Lookup, judge_all
from bnref.evidence.question import Question
from bnref.evidence.record import Record
from bnref.evidence.verdict import as_interval


@dataclass(frozen=True)
class Judged:
    """A question, its finding, and the records (by cell identity) that the finding rests on."""

    question: Question
    finding: Finding
    records: Mapping[str, Record]


def judged(questions: Iterable[Question], lookup: Lookup, failures: Failures) -> list[Judged]:
    """Every question judged; each finding names the figures that `write` draws for it."""
    asked = list(questions)
    seen: dict[str, Record | None] = {}

    def once(cell: Cell) -> Record | None:
        name = identity(cell)
        if name not in seen:
            seen[name] = lookup(cell)
        return seen[name]

    findings = judge_all(asked, once, failures)
    return [
        _judged(question, finding, seen) for question, finding in zip(asked, findings, strict=True)
    ]


def _judged(question: Question, finding: Finding, seen: Mapping[str, Record | None]) -> Judged:
    records: dict[str, Record] = {}
    if finding.cells:  # an incomplete claim rests on nothing, so it shows nothing
        for planned in question.cells():
            record = seen.get(planned.name)
            if record is not None:
                records[planned.name] = record
    return Judged(
        question, msgspec.structs.replace(finding, figures=_paths(question, finding)), records
    )


def slug(finding_id: str) -> str:
    """A finding's id as file names and anchors write it."""
    return finding_id.replace("@", "-at-")


def _paths(question: Question, finding: Finding) -> list[str]:
    """The claim's declared figures in order, then the effects of its seeds where there are any."""
    declared = len(question.claim.figures) if finding.cells else 0
    count = declared + (1 if finding.effects else 0)
    return [f"figures/{slug(finding.id)}-{number}.svg" for number in range(1, count + 1)]


def effects(judged: Judged) -> dict[int, tuple[float, float]]:
    """The effect of each seed with infinite ends kept, which JSON cannot hold. Empty: not judged."""
    told = judged.finding.effects
    known = {seed: (a, b) for seed, a, b in told if a is not None and b is not None}
    if len(known) == len(told):
        return known
    question = judged.question
    return {
        seed: as_interval(
            question.claim.effect(Rows(tuple(row(p.arm, judged.records[p.name]) for p in group)))
        )
        for seed, group in groupby(question.own_cells(), key=lambda planned: planned.cell.seed)
    }
