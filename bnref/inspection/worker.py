"""What runs in a worker process: the kit on one implementation, or the museum. Answers what failed."""

import hashlib
import json
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Sequence
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path

from bnref.conformance import NotAnImplementation, isolated, museum, run
from bnref.conformance.result import Result
from bnref.evidence.checked import Basis, Checked, Chosen, Mutant, Outcome, Shelf, Tried
from bnref.evidence.conformity import rounded

SEED = 0
NO_BUG = museum.CLEAN.name
"""The museum's layer without a bug, which no check may fail."""
PATIENCE = 180
"""Seconds that measuring the conventions may take, import included."""


def inspect(
    adapter: str, target: str, names: Sequence[str], conventions: bool, basis: Basis, store: Path
) -> str:
    """Run the named checks and keep each result, and the conventions where they are asked for.

    Processes of their own import the framework.
    """
    _hush()
    shelf = Shelf(store, Checked)
    try:
        if conventions:
            Shelf(store, Chosen).put(_chosen(adapter, target, basis))
        if not names:
            return ""
        report = isolated.run(target, SEED, names)
        if report.kit != basis.kit:
            return "the kit was changed meanwhile"
        for result in report.results:
            shelf.put(
                Checked(
                    adapter=adapter,
                    check=result.check,
                    seed=SEED,
                    basis=basis,
                    name=report.name,
                    version=report.version,
                    outcome=_outcome(result, target),
                    seconds=round(result.seconds, 3),
                    date=_today(),
                )
            )
    except NotAnImplementation as error:
        return " ".join(str(error).split())
    return ""


def bugs() -> list[str]:
    """What the museum has to try: every mutant by its id, and the layer without a bug."""
    return [NO_BUG, *museum.mutants()]


def visit(names: Sequence[str], basis: Basis, store: Path) -> str:
    """Run these layers of the museum through every check and keep what kills each."""
    shelf, known = Shelf(store, Tried), museum.mutants()
    for name in names:
        mutant, start = known.get(name), time.monotonic()
        with warnings.catch_warnings(action="ignore"):  # mutants divide by 0
            report = run(mutant.implementation if mutant else museum.CLEAN, SEED)
        found = Mutant(
            id=name,
            links=list(mutant.links) if mutant else [],
            meant_for=list(mutant.meant_for) if mutant else [],
            killed_by=[r.check for r in report.results if r.status in museum.DEAD],
            sentence=mutant.sentence if mutant else "",
        )
        took = round(time.monotonic() - start, 3)
        shelf.put(Tried(basis=basis, seed=SEED, mutant=found, seconds=took, date=_today()))
    return ""


def _chosen(adapter: str, target: str, basis: Basis) -> Chosen:
    """The conventions by which the default layer answers, or why they cannot be measured."""
    command = [sys.executable, "-m", "bnref.inspection.convention", target]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True)
        row, reason = json.loads(done.stdout.splitlines()[-1]), ""
    except subprocess.CalledProcessError as error:
        row, reason = {}, (error.stderr.splitlines() or ["it died"])[-1]
    except subprocess.TimeoutExpired:
        row, reason = {}, f"no answer within {PATIENCE} s"
    return Chosen(adapter=adapter, basis=basis, row=row, reason=reason, date=_today())


def museum_code() -> str:
    """The digest of the museum's files."""
    home = Path(museum.__file__).parent
    parts = (path.name.encode() + b"\0" + path.read_bytes() for path in sorted(home.rglob("*.py")))
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _outcome(result: Result, target: str) -> Outcome:
    fails = result.status in ("deviates", "broken")
    return Outcome(
        status=result.status,
        ulp=_number(result.ulp),
        best_ulp=_number(result.best_ulp),
        tolerance_ulp=_number(result.tolerance_ulp),
        what=result.what if fails else "",
        expected=result.expected if fails else "",
        found=result.found if fails or result.status == "not_applicable" else "",
        declared=result.declared,
        reproduction=result.reproduction.replace("{adapter}", target),
    )


def _number(value: float | None) -> float | None:
    return rounded(float(value)) if value is not None and isfinite(value) else None


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


def _hush() -> None:
    """Send what frameworks say while they start to nowhere; findings come by another way."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
