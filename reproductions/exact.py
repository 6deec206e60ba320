"""How exact claims are put: tolerances from the lengths of their sums, effects, settings per scale.

An experiment on identities returns pairs of metrics: `name_error`, the worst error of the identity,
and `name_control`, that of a wrong formula that one could believe.
"""

import math
import sys
from collections.abc import Callable, Mapping

from bnref.evidence.cell import Value
from bnref.evidence.claim import Arm, Expectation, Rows, Setting, Substitution, grid
from bnref.evidence.verdict import Region

EXPERIMENTS = "bnref.lab.experiments"
JUDGED = ("small", "gpu", "paper")

HOLDS = Region(0.0, math.inf)
"""Effects at which the worst error is at most the tolerance."""

DECADES = "log10(tolerance/error)"

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


def refuted(because: str) -> Mapping[str, Expectation]:
    """What is expected of a formula as printed, at every scale."""
    return {scale: Expectation(outcome="refuted", because=because) for scale in JUDGED}


def settings(
    experiment: str, arms: tuple[Arm, ...], fixed: Mapping[str, Value], smoke: Mapping[str, Value]
) -> Mapping[str, Setting]:
    """The same cells at every judged scale, as identities know no scale; smaller inputs at smoke."""
    small = Setting(experiment=f"{EXPERIMENTS}.{experiment}", arms=arms, seeds=12, fixed=fixed)
    return {**dict.fromkeys(JUDGED, small), "smoke": small.shrunk(**smoke)}


BATCH_NORM = grid(norm=("batch_norm",))

FORWARD = settings(
    "batch_norm_forward",
    BATCH_NORM,
    {"channels": 16, "batch_size": 32, "size": 4},
    {"channels": 8, "batch_size": 8, "size": 3},
)
"""Channels with standard deviations from 1e-4 to 1e4, and means up to a thousand of them."""

BACKWARD = settings(
    "batch_norm_backward",
    BATCH_NORM,
    {"channels": 16, "batch_size": 64},
    {"channels": 8, "batch_size": 16},
)
"""The same inputs as (N, C), and gradients whose channels differ by four decades."""

STOP_GRADIENT = settings(
    "stop_gradient",
    grid(steps=(100,)),
    {"channels": 16, "batch_size": 64},
    {"channels": 4, "batch_size": 16},
)

BATCHES = settings(
    "batch_variances",
    BATCH_NORM,
    {"channels": 8, "population": 6, "batch_size": 3, "size": 2},
    {"channels": 2, "population": 4, "batch_size": 2},
)
"""Every batch of 3 out of 6, and out of 6 images of 2x2; means up to ten standard deviations."""

SCALE_FREE = settings(
    "scale_free_training",
    BATCH_NORM,
    {"channels": 16, "batch_size": 64, "steps": 30},
    {"channels": 4, "batch_size": 16},
)

UNIT = settings(
    "unit_theorems",
    BATCH_NORM,
    {"channels": 8, "batch_size": 16, "inputs": 6},
    {"channels": 2, "batch_size": 8, "inputs": 3},
)
"""Units y = Xw whose scales differ by four decades, a quadratic loss with any symmetric Hessian H."""

OPTIMA = settings(
    "optima",
    BATCH_NORM,
    {"channels": 8, "batch_size": 64, "inputs": 6},
    {"channels": 2, "batch_size": 16, "inputs": 3},
)

GROUPS = settings(
    "group_limits",
    BATCH_NORM,
    {"channels": 8, "batch_size": 8, "size": 6},
    {"channels": 4, "batch_size": 2, "size": 3},
)

BLOCKS = {"channels": 8, "batch_size": 8, "size": 6, "depth": 4}
FEW_BLOCKS = {"channels": 4, "batch_size": 2, "size": 3, "depth": 2}
