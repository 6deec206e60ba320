"""The kit on correct layers over many seeds: `python -m bnref.inspection.alarms [SEEDS] [STORE]`.

200 seeds, two processes of one thread, what is missing first: stop it and start it again. A seed of a
layer is one file in the store. Prints, as JSON, how many seeds each layer has seen under this kit and
which of them raised an alarm; the exit code is 1 where one did.
"""

import json
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from bnref.conformance import load, run
from bnref.conformance.runner import kit
from bnref.evidence.checked import Alarms, Basis, Shelf, key
from bnref.evidence.conformity import Seeds
from bnref.evidence.provenance import device_model
from bnref.execution.local import each
from bnref.execution.worker import one_line
from bnref.inspection.adapters import Adapter, adapters

CLEAN = ("numpy_plain", "bnref_norms", "torch_nn")
SEEDS = 200
AT_ONCE = 10
"""Seeds that a process takes at a time: it imports torch for them once."""
PATIENCE = 300.0
"""Seconds that a check may take: here a machine that is busy must not look like a layer that hangs."""


def measure(store: Path, seeds: Iterable[int], write: Any = print) -> None:
    """Run the seeds that the store lacks, ten at a time."""
    wanted = list(seeds)
    work = []
    for adapter in _clean():
        basis, shelf = _basis(adapter), Shelf(store, Alarms)
        left = [seed for seed in wanted if shelf.get(_key(adapter, seed, basis)) is None]
        parts = [left[at : at + AT_ONCE] for at in range(0, len(left), AT_ONCE)]
        work += [(adapter.id, adapter.target, part, basis, store) for part in parts]

    def tell(number: int, error: str) -> None:
        name, _, part, *_ = work[number]
        write(f"{name}, seeds {part[0]} to {part[-1]}: {error or 'done'}")

    each(_judged, work, 2, tell)


def counted(store: Path, seeds: Iterable[int]) -> dict[str, Seeds]:
    """What is published: for each layer the seeds that were run, and the checks that failed, by seed."""
    found, wanted, shelf = {}, list(seeds), Shelf(store, Alarms)
    for adapter in _clean():
        basis = _basis(adapter)
        results = [shelf.get(_key(adapter, seed, basis)) for seed in wanted]
        there = [result for result in results if result is not None]
        alarms = {str(result.seed): result.alarms for result in there if result.alarms}
        found[adapter.id] = Seeds(seeds=len(there), alarms=alarms, kit=basis.kit)
    return found


def judge(adapter: str, target: str, seeds: list[int], basis: Basis, store: Path) -> str:
    """In a worker: the checks that are not as declared, of each seed."""
    implementation, shelf = load(target), Shelf(store, Alarms)
    for seed in seeds:
        report = run(implementation, seed, seconds=PATIENCE)
        if report.kit != basis.kit:
            return "the kit was changed meanwhile"
        bad = [result.check for result in report.results if not result.as_declared]
        date = datetime.now(UTC).date().isoformat()
        shelf.put(Alarms(adapter=adapter, seed=seed, basis=basis, alarms=bad, date=date))
    return ""


def _judged(*given: Any) -> str:
    """As `judge`, with an error in one line."""
    try:
        return judge(*given)
    except Exception as error:
        return one_line(error)


def _clean() -> list[Adapter]:
    known = adapters()
    return [known[name] for name in CLEAN if not known[name].missing]


def _basis(adapter: Adapter) -> Basis:
    return Basis(
        kit=kit(),
        code=adapter.code,
        packages=adapter.versions,
        device_model=device_model("cpu"),
    )


def _key(adapter: Adapter, seed: int, basis: Basis) -> str:
    return key(adapter.id, "false alarms", seed, basis)


if __name__ == "__main__":
    number = int(sys.argv[1]) if len(sys.argv) > 1 else SEEDS
    where = Path(sys.argv[2] if len(sys.argv) > 2 else ".bnref/store")
    measure(where, range(number), lambda line: print(line, file=sys.stderr, flush=True))
    total = counted(where, range(number))
    print(json.dumps(msgspec.to_builtins(total), indent=2))
    sys.exit(any(layer.alarms for layer in total.values()))
