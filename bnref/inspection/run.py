"""One run of the kit: what is asked, what the store has, measuring the rest."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy

from bnref.conformance.runner import kit
from bnref.evidence.checked import Basis, Checked, Chosen, Museum, Shelf, key
from bnref.evidence.provenance import device_model
from bnref.execution.local import each
from bnref.execution.worker import one_line
from bnref.inspection import worker
from bnref.inspection.adapters import Adapter
from bnref.inspection.worker import SEED


@dataclass(frozen=True)
class Asked:
    """One check of one implementation: a test."""

    adapter: Adapter
    check: str

    @property
    def id(self) -> str:
        """The test's id: torch_nn-momentum_weighs_the_new_batch."""
        return f"{self.adapter.id}-{self.check}"


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
        self.museums = Shelf(self.store, Museum)
        self.choices = Shelf(self.store, Chosen)

    def measure(
        self, asked: Sequence[Asked], write: Callable[[str], None], *, everything: bool = False
    ) -> None:
        """Look up what is asked and measure what is missing, implementation by implementation.

        With `everything` the conventions of the implementations and the museum, too.
        """
        missing = self._missing(asked)
        adapters = dict.fromkeys(one.adapter for one in asked if not one.adapter.missing)
        odd = [adapter for adapter in adapters if everything and self._choice(adapter) is None]
        work: list[tuple[str, Callable[..., str], tuple[object, ...]]] = []
        if everything and self._visited() is None:
            work.append(("museum", worker.visit, (self._museum(), self.store)))
        for adapter in dict.fromkeys([*missing, *odd]):
            names = (missing.get(adapter, []), adapter in odd)
            given = (adapter.id, adapter.target, *names, self.basis(adapter), self.store)
            work.append((adapter.id, worker.inspect, given))
        if not work:
            return
        total, done = sum(map(len, missing.values())), 0
        write(f"bnref: {total} checks to run on {len(missing)} implementations")

        def tell(number: int, error: str) -> None:
            nonlocal done
            done += 1
            name = work[number][0]
            if error:
                self.failures[name] = error
            write(f"[{done}/{len(work)}] {name} {f'failed: {error}' if error else 'checked'}")

        each(_call, [(function, given) for _, function, given in work], self.workers, tell)
        self._missing(one for one in asked if one.adapter in missing)
        for adapter in odd:
            self._choice(adapter)
        self._visited()

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

    def _museum(self) -> Basis:
        return Basis(
            kit=self.kit,
            code=worker.museum_code(),
            packages={"numpy": numpy.__version__},
            device_model=device_model("cpu"),
        )

    def _visited(self) -> Museum | None:
        self.museum = self.museums.get(key("museum", "", SEED, self._museum()))
        return self.museum


def _call(function: Callable[..., str], given: tuple[object, ...]) -> str:
    """In a worker: what the function answers, or the error in one line."""
    try:
        return function(*given)
    except (Exception, SystemExit) as error:
        return one_line(error)
