"""Runs checks in a process of its own: `python -m bnref.conformance.worker NAME SEED SECONDS CHECK...`.

SECONDS 0 is the implementation's own patience. One JSON object a line, to what was stdout: who the
implementation is or why it cannot be used, then for each check its name when it starts and its
result. What the adapter prints goes to stderr.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict

from bnref.conformance.implementation import NotAnImplementation, load
from bnref.conformance.runner import results_of, selected


def main(name: str, seed: int, seconds: float, names: list[str]) -> None:
    """Load the implementation and run the named checks."""
    channel = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)

    def say(**what: object) -> None:
        channel.write(json.dumps(what) + "\n")

    try:
        implementation = load(name)
        wanted = selected(names, implementation)
    except NotAnImplementation as error:
        say(error=str(error))
        return
    say(
        name=implementation.name,
        version=implementation.version,
        deviates=dict(implementation.deviates),
        patience=seconds or implementation.patience,
    )
    results = results_of(wanted, implementation, seed, seconds or implementation.patience)
    for check in wanted:
        say(start=check.name)
        say(result=asdict(next(results)))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4:])
