"""How exact claims are put: tolerances from the lengths of their sums, effects, settings per scale.

An experiment on identities returns pairs of metrics: `name_error`, the worst error of the identity,
and `name_control`, that of a wrong formula that one could believe.
"""

import math
import sys
from collections.abc import Callable, Mapping

from bnref.evidence.cell import Value
from bnref.evidence.claim import Rows, Setting, Substitution
from bnref.evidence.verdict import Region

HOLDS = Region(0.0, math.inf)
"""Effects at which the worst error is at most the tolerance."""

UNIT = "log10(tolerance/error)"

REORDERED = Substitution(better="higher", margin=1.0)
"""Sums taken in another order may lose a digit; losing two is another arithmetic."""


def tolerance(terms: int, magnified: float = 1.0) -> float:
    """2^-52 terms magnified: what float64 may lose in a sum of `terms` values.

    The bound of a plain sum, relative to the sum of magnitudes (Higham 2002, section 4.2), times
    the factor by which subtractions magnify the rounding of their inputs.
    """
    return sys.float_info.epsilon * terms * magnified


def agreement(tolerance: float, *names: str) -> Callable[[Rows], float]:
    """The effect: log10(tolerance/error), worst arm; an error below one rounding counts as one."""

    def effect(rows: Rows) -> float:
        errors = [row[f"{name}_error"] for row in rows for name in names]
        return math.log10(tolerance / max(*errors, sys.float_info.epsilon))

    return effect


def departure(tolerance: float, *names: str) -> Callable[[Rows], float]:
    """The control: log10(error/tolerance) of the wrong formulas, arm and formula that err least."""

    def control(rows: Rows) -> float:
        least = min(row[f"{name}_control"] for row in rows for name in names)
        return math.log10(least / tolerance) if least > 0 else -math.inf

    return control


def as_printed(tolerance: float, printed: str, corrected: str) -> Callable[[Rows], float]:
    """The effect of a formula as printed, on inputs for which the corrected one holds.

    Raises ValueError where that one does not: the fault is then the measurement's, not the paper's.
    """
    judge, check = agreement(tolerance, printed), agreement(tolerance, corrected)

    def effect(rows: Rows) -> float:
        if check(rows) < 0:
            raise ValueError(f"{corrected}_error is above the tolerance {tolerance:g}, too")
        return judge(rows)

    return effect


def settings(small: Setting, **shrunk: Value) -> Mapping[str, Setting]:
    """The same cells at every judged scale, for an identity knows no scale; fewer at smoke."""
    return {"small": small, "gpu": small, "paper": small, "smoke": small.shrunk(**shrunk)}
