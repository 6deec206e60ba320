"""Choosing rates: each arm's smallest mean validation error over pilot seeds, frozen before judging."""

import os
from collections.abc import Sequence
from pathlib import Path
from statistics import mean

from bnref.campaign import Campaign, Entry
from bnref.evidence.claim import Claim, Paper, PlannedCell, plan
from bnref.evidence.question import Question
from bnref.evidence.record import Record
from bnref.evidence.store import Store, StoreError, read_lines, write_lines

SCALE = "small"


def cells(claim: Claim) -> tuple[PlannedCell, ...]:
    """The tuning cells of a claim, on seeds below 100. Raises ValueError where it declares none."""
    if claim.tuning is None:
        raise ValueError(f"{claim.id} declares no tuning")
    return plan(claim.tuning, SCALE, "cpu", seeds=range(claim.tuning.seeds))


def table(records: Sequence[Record]) -> dict[str, dict[float, float]]:
    """Mean validation error in percent, by normaliser and learning rate; a diverged run is chance."""
    seen: dict[str, dict[float, list[float]]] = {}
    for record in records:
        norm, rate = str(record.cell.arm["norm"]), float(record.cell.arm["learning_rate"] or 0)
        error = 100 * record.metrics["validation_errors"] / record.metrics["validation_images"]
        seen.setdefault(norm, {}).setdefault(rate, []).append(error)
    return {
        norm: {rate: mean(errors) for rate, errors in sorted(rates.items())}
        for norm, rates in seen.items()
    }


def best(rates: dict[float, float]) -> float:
    """The rate of the smallest mean validation error, the smaller rate where two are equal."""
    return min(rates, key=lambda rate: (rates[rate], rate))


def published(root: Path, claim: Claim) -> list[Record]:
    """The tuning records that were published with a claim."""
    return read_lines(root / "reports" / "tuning" / f"{claim.id}.jsonl")


def tune(root: Path, paper: Paper, claim: Claim) -> int:
    """Measure the tuning cells that are missing, publish their records and print the choice."""
    question = Question(paper, claim, SCALE, "cpu")
    entries = [Entry(question, planned) for planned in cells(claim)]
    workers = len(os.sched_getaffinity(0))
    campaign = Campaign((), Store(root / ".bnref" / "store"), workers)
    tasks = campaign.missing(entries, {})
    campaign.measure(tasks, lambda outcome: print(outcome.task.name, outcome.error or "measured"))
    records = [campaign.lookup(entry.planned.cell) for entry in entries]
    if None in records:
        failed = "; ".join(sorted(set(campaign.failures.values())))
        raise StoreError(f"{claim.id}: tuning incomplete: {campaign.stopped or failed}")
    found = [record for record in records if record is not None]
    write_lines(root / "reports" / "tuning" / f"{claim.id}.jsonl", found)
    for norm, rates in table(found).items():
        for rate, error in rates.items():
            mark = "  <- smallest" if rate == best(rates) else ""
            print(f"{claim.id} {norm:12} rate {rate:<7g} validation error {error:.2f} %{mark}")
    return 0
