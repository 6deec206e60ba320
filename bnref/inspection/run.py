"""One run of the kit: what is asked, what the store has, measuring the rest."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy

from bnref.conformance.runner import kit
from bnref.evidence.checked import Basis, Checked, Chosen, Mutant, Shelf, Tried, key
from bnref.evidence.conformity import Document
from bnref.evidence.provenance import device_model
from bnref.execution.local import each
from bnref.execution.worker import one_line
from bnref.inspection import worker
from bnref.inspection.adapters import Adapter
from bnref.inspection.plan import MUSEUM, Plan
from bnref.inspection.worker import NO_BUG, SEED


@dataclass(frozen=True)
class Asked:
    """One check of one implementation: a test."""

    adapter: Adapter
    check: str

    @property
    def id(self) -> str:
        """The test's id: torch_nn-momentum_weighs_the_new_batch."""
        return f"{self.adapter.id}-{self.check}"


@dataclass(frozen=True)
class Museum:
    """The kill matrix, and the checks that the layer without bugs fails: none."""

    mutants: list[Mutant]
    false_alarms: list[str]
    seconds: float = 0.0


@dataclass
class Run:
    """The results there are, and why others are not."""

    store: Path
    workers: int
    results: dict[Asked, Checked] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    conventions: dict[str, Chosen] = field(default_factory=dict)
    museum: Museum | None = None
    kit: str = field(default_factory=kit)

    def __post_init__(self) -> None:
        self.shelf = Shelf(self.store, Checked)
        self.tried = Shelf(self.store, Tried)
        self.choices = Shelf(self.store, Chosen)

    def plan(self, asked: Sequence[Asked], before: Document | None, *, everything: bool) -> Plan:
        """Look up what is asked; what is left to do. `before` says how long it took last time.

        With `everything` the conventions of the implementations and the museum, too.
        """
        missing = self._missing(asked)
        there = dict.fromkeys(one.adapter for one in asked if not one.adapter.missing)
        told = [one for one in there if everything and not one.only]
        odd = [adapter for adapter in told if self._choice(adapter) is None]
        bugs = self._visit() if everything else []
        return Plan(missing, odd, bugs, before, self.workers)

    def measure(
        self,
        asked: Sequence[Asked],
        write: Callable[[str], None],
        *,
        everything: bool = False,
        before: Document | None = None,
    ) -> None:
        """Measure what is missing, implementation by implementation, the longest first."""
        plan = self.plan(asked, before, everything=everything)
        if not plan.jobs:
            return
        write(plan.forecast())
        done = 0

        def tell(number: int, error: str) -> None:
            nonlocal done
            done += 1
            job = plan.jobs[number]
            if error:
                self.failures[job.name] = error
            said = f"failed: {error}" if error else "checked"
            write(f"[{done}/{len(plan.jobs)}] {job.name} {said}")

        calls: list[tuple[object, ...]] = []
        for job in plan.jobs:
            if job.adapter is None:
                calls.append((worker.visit, (job.names, self._museum, self.store)))
            else:
                where = job.adapter.id, job.adapter.target
                given = (*where, job.names, job.conventions, self.basis(job.adapter), self.store)
                calls.append((worker.inspect, given))
        each(_call, calls, self.workers, tell)
        self.plan(asked, before, everything=everything)

    def basis(self, adapter: Adapter) -> Basis:
        """What the results of an adapter depend on here."""
        return Basis(
            kit=self.kit,
            code=adapter.code,
            packages=adapter.versions,
            device_model=device_model("cpu"),
        )

    def _missing(self, asked: Iterable[Asked]) -> dict[Adapter, list[str]]:
        missing: dict[Adapter, list[str]] = {}
        known: dict[Adapter, Basis] = {}
        for one in asked:
            if one.adapter.missing:
                continue
            if one.adapter not in known:
                known[one.adapter] = self.basis(one.adapter)
            found = self.shelf.get(key(one.adapter.id, one.check, SEED, known[one.adapter]))
            if found is None:
                missing.setdefault(one.adapter, []).append(one.check)
            else:
                self.results[one] = found
        return missing

    def _choice(self, adapter: Adapter) -> Chosen | None:
        found = self.choices.get(key(adapter.id, "conventions", 0, self.basis(adapter)))
        if found is not None:
            self.conventions[adapter.id] = found
        return found

    @cached_property
    def _museum(self) -> Basis:
        return Basis(
            kit=self.kit,
            code=worker.museum_code(),
            packages={"numpy": numpy.__version__},
            device_model=device_model("cpu"),
        )

    def _visit(self) -> list[str]:
        """Look the museum up, and return what of it is missing: it is shown whole or not at all."""
        found = {
            name: self.tried.get(key(MUSEUM, name, SEED, self._museum)) for name in worker.bugs()
        }
        there = {name: one for name, one in found.items() if one is not None}
        if len(there) == len(found):
            self.museum = Museum(
                mutants=[one.mutant for name, one in there.items() if name != NO_BUG],
                false_alarms=there[NO_BUG].mutant.killed_by,
                seconds=sum(one.seconds for one in there.values()),
            )
        return [name for name in found if name not in there]


def _call(function: Callable[..., str], given: tuple[object, ...]) -> str:
    """In a worker: what the function answers, or the error in one line."""
    try:
        return function(*given)
    except (Exception, SystemExit) as error:
        return one_line(error)
