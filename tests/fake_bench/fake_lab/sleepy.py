"""An experiment that sleeps, logs its runs, and breaks where and how its arm says.

Parameters: `of`, the claim; `level` "low" or "high"; `gap`, how far high lies above low; `seconds`
of sleep; `does`, what else happens, and `at`, the only run it happens to ("high-s102").
"""

import os
import signal
import time
from pathlib import Path

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured

LOG = Path("runs.log")


def run(cell: Cell) -> Measured:
    arm = cell.arm
    at = f"{arm['level']}-s{cell.seed}"
    name = f"{arm['of']}-{at}"
    again = LOG.exists() and f"start {name} " in LOG.read_text()
    log("start", name)
    time.sleep(float(arm["seconds"]))
    does = arm["does"] if arm["at"] == at else "measures"
    if does == "dies" or (does == "dies once" and not again):
        os.kill(os.getpid(), signal.SIGKILL)
    if does == "raises" or (does == "raises once" and not again):
        raise RuntimeError("the coffee\nis cold")
    log("end", name)
    value = float(arm["gap"]) * (arm["level"] == "high") + 0.01 * (cell.seed % 7)
    series = {"curve": [value] * int(arm.get("points", 0))}
    return Measured(metrics={"value": value}, series=series, diverged=does == "diverges")


def log(event: str, name: str) -> None:
    """One line, written at once, so that the lines of several processes do not mix."""
    with LOG.open("ab", buffering=0) as file:
        file.write(f"{event} {name} {os.getpid()}\n".encode())
