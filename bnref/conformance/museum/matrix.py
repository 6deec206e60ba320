"""Every mutant against every check."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bnref.conformance.check import checks
from bnref.conformance.implementation import Implementation
from bnref.conformance.museum.mutant import CLEAN, CLEAN_SAMPLES, mutants
from bnref.conformance.result import Status
from bnref.conformance.runner import run

DEAD = ("deviates", "broken")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One mutant, or the clean layer, which has no links and is meant for nothing."""

    id: str
    sentence: str
    links: tuple[str, ...]
    meant_for: tuple[str, ...]
    statuses: dict[str, Status]

    @property
    def killed_by(self) -> tuple[str, ...]:
        """The checks that it does not survive."""
        return tuple(name for name, status in self.statuses.items() if status in DEAD)

    @property
    def missed_by(self) -> tuple[str, ...]:
        """The checks that are meant to kill it and do not."""
        return tuple(name for name in self.meant_for if name not in self.killed_by)

    def record(self) -> dict[str, Any]:
        """As it is published."""
        return {
            "id": self.id,
            "sentence": self.sentence,
            "links": list(self.links),
            "meant_for": list(self.meant_for),
            "killed_by": list(self.killed_by),
        }


def kill_matrix(seed: int = 0, *, meant_only: bool = False) -> list[Row]:
    """The clean layer and all mutants, each with the status that each check gives it.

    With `meant_only` a mutant meets the checks that are meant for it, and no others.
    """
    everything = tuple(checks())
    clean = Row(
        id=CLEAN.name,
        sentence="The layer without a bug",
        links=(),
        meant_for=(),
        statuses=_clean(everything, seed),
    )
    return [
        clean,
        *(
            Row(
                id=mutant.id,
                sentence=mutant.sentence,
                links=mutant.links,
                meant_for=mutant.meant_for,
                statuses=_statuses(
                    mutant.implementation, mutant.meant_for if meant_only else everything, seed
                ),
            )
            for mutant in mutants().values()
        ),
    ]


def _clean(names: Iterable[str], seed: int) -> dict[str, Status]:
    """What each check says of the clean layers that it applies to; what is wrong comes first."""
    found = [_statuses(layer, names, seed) for layer in (CLEAN, *CLEAN_SAMPLES)]
    order = (*DEAD, "conforms", "not_applicable")
    return {name: min((one[name] for one in found), key=order.index) for name in found[0]}


def _statuses(implementation: Implementation, names: Iterable[str], seed: int) -> dict[str, Status]:
    with warnings.catch_warnings(action="ignore"):  # mutants divide by 0
        report = run(implementation, seed, names)
    return {result.check: result.status for result in report.results}


def survivors(rows: Iterable[Row]) -> list[str]:
    """What speaks against the kit, a line each: a mutant that is missed, a clean layer that is not."""
    lines = []
    for row in rows:
        lines += [f"{row.id} survives {name}, meant for it" for name in row.missed_by]
        if not row.meant_for:
            lines += [f"{row.id} does not survive {name}" for name in row.killed_by]
    return lines


def markdown(rows: list[Row]) -> str:
    """The matrix as two tables: the mutants, and which check kills how many."""
    names = {name: number for number, name in enumerate(checks(), start=1)}
    lines = ["| mutant | what it does | meant for | killed by |", "|---|---|---|---|"]
    for row in rows:
        links = " ".join(f"[{n}]({link})" for n, link in enumerate(row.links, start=1))
        meant = ", ".join(str(names[name]) for name in row.meant_for)
        dead = ", ".join(
            f"{names[name]}{'!' * (row.statuses[name] == 'broken')}" for name in row.killed_by
        )
        lines.append(f"| {row.id} | {row.sentence} {links} | {meant} | {dead or 'nothing'} |")
    lines += ["", "`!`: broken, an exception, NaN or a wrong shape; else it deviates.", ""]
    lines += ["| no. | check | meant to kill | kills |", "|---|---|---|---|"]
    for name, number in names.items():
        meant = ", ".join(row.id for row in rows if name in row.meant_for) or "none"
        count = sum(name in row.killed_by for row in rows)
        lines.append(f"| {number} | {name} | {meant} | {count} of {len(rows) - 1} |")
    return "\n".join(lines)
