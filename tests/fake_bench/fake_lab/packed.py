"""An experiment whose runs share their arithmetic: a run's value depends on who is measured with it."""

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from fake_lab.sleepy import log


def run_pack(cells: tuple[Cell, ...]) -> list[Measured]:
    """As a batched product does, in the last digits: here in the third, so that it shows."""
    arm = cells[0].arm
    log("start", f"{arm['of']}-{arm['level']}-{'+'.join(str(cell.seed) for cell in cells)}")
    if arm["does"] == "raises" and int(arm["at"] or 0) in [cell.seed for cell in cells]:
        raise RuntimeError("the pack is cold")
    value = float(arm["gap"]) * (arm["level"] == "high")
    values = [value + 0.01 * (cell.seed % 7) + 0.001 * len(cells) for cell in cells]
    return [Measured(metrics={"value": value}) for value in values]
