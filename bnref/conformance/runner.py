"""Running the checks in this process, one after the other, each within its time."""

from __future__ import annotations

import hashlib
import signal
import threading
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from bnref import oracle
from bnref.conformance.check import Check, checks
from bnref.conformance.implementation import Implementation, NotAnImplementation
from bnref.conformance.report import Report
from bnref.conformance.result import Result


class TooLong(BaseException):
    """A check is out of time. Not an Exception, so that no adapter's `except` swallows it."""


def run(
    implementation: Implementation,
    seed: int = 0,
    names: Iterable[str] | None = None,
    seconds: float | None = None,
) -> Report:
    """The named checks, or all, on an implementation, in this process.

    A hang in Python code ends after `seconds`, or the implementation's own patience; to outlive
    hangs and crashes of compiled code, use `isolated.run`, which needs the implementation's name.
    """
    wanted = selected(names, implementation)
    results = tuple(results_of(wanted, implementation, seed, seconds))
    return Report(implementation.name, implementation.version, kit(), seed, results)


def selected(names: Iterable[str] | None, implementation: Implementation) -> list[Check]:
    """The checks of these names, all where there are none.

    Raises NotAnImplementation where the implementation declares a deviation from no check.
    """
    known = checks()
    for name in implementation.deviates:
        if name not in known:
            raise NotAnImplementation(f"{implementation.name} deviates from {name}: no such check")
    return list(known.values()) if names is None else [known[name] for name in names]


def results_of(
    wanted: Iterable[Check], implementation: Implementation, seed: int, seconds: float | None
) -> Iterator[Result]:
    """The results, one by one. Who has run out of time three times is given a fifth of it."""
    lost, seconds = 0, seconds or implementation.patience
    for check in wanted:
        result = one(check, implementation, seed, seconds if lost < 3 else seconds / 5)
        lost += result.found.startswith(LATE)
        yield result


LATE = "no answer within"


def one(check: Check, implementation: Implementation, seed: int, seconds: float) -> Result:
    """One check. Its inputs depend on the seed and its name, not on the checks before it."""
    rng = np.random.default_rng([seed, zlib.crc32(check.name.encode())])
    try:
        with _at_most(seconds), np.errstate(all="ignore"):
            return check(implementation, rng)
    except TooLong:
        return gone(check, implementation.deviates, f"{LATE} {seconds:g} s: it hangs")
    except (SystemExit, KeyboardInterrupt) as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return gone(check, implementation.deviates, f"it called sys.exit({error.code})")


def gone(check: Check, deviates: Any, found: str) -> Result:
    """The result of a check that did not come back."""
    return Result(
        check=check.name,
        status="broken",
        sentence=check.sentence,
        catalogue=check.catalogue,
        links=check.links,
        expected="an answer",
        found=found,
        declared=deviates.get(check.name, ""),
    )


def kit() -> str:
    """The digest of what decides a result: the kit's files but museum and adapters, and the oracles."""
    home = Path(__file__).parent
    files = [
        *home.glob("*.py"),
        *(home / "checks").glob("*.py"),
        *Path(oracle.__file__).parent.glob("*.py"),
    ]
    parts = (path.name.encode() + b"\0" + path.read_bytes() for path in sorted(files))
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """Raise TooLong in the block after so long, in the main thread of a system with SIGALRM."""
    if not hasattr(signal, "SIGALRM") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(number: int, frame: Any) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, ring)
    outer, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, outer)
        signal.signal(signal.SIGALRM, before)
