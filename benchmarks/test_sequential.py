"""What the sequential rule errs and saves: `pytest benchmarks/test_sequential.py -m speed`.

Simulated: claims whose true median lies at the bound (the share of false verdicts), and claims whose
effects are normal around a median above it (the seeds that a verdict takes, beside the fixed rule).
Replayed: the published effects of every statistical claim in the order of their seeds. Measures nothing.
"""

import math
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import mean

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from bnref.evidence.registry import load
from bnref.evidence.sequential import CAP, decide_sequential
from bnref.evidence.verdict import above, decide
from bnref.report import published
from bnref.report.judged import effects

SIMULATIONS = 20_000
FIXED = 12
"""The seeds of most claims."""
MARGIN = 1.0
Draw = Callable[[np.random.Generator, tuple[int, int]], NDArray[np.float64]]
LAWS: dict[str, Draw] = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "heavy-tailed": lambda rng, shape: rng.standard_cauchy(size=shape),
    "skewed": lambda rng, shape: rng.exponential(size=shape) - math.log(2),
}
SHIFTS = (0.5, 1.0, 1.5, 2.0, 3.0)
"""True median above the bound, in standard deviations of the effect between seeds."""


class Replayed(msgspec.Struct, frozen=True):
    """A claim under both rules. `seeds` is None where it is still open after the seeds that there are."""

    fixed: str
    fixed_seeds: int
    sequential: str
    seeds: int | None


@pytest.mark.speed
def test_the_sequential_rule_keeps_its_error_rate_and_saves_seeds(
    pytestconfig: pytest.Config,
    performance: dict[str, object],
    capsys: pytest.CaptureFixture[str],
) -> None:
    rates = {name: false_positive_rate(law) for name, law in LAWS.items()}
    power = {f"{shift:g}": simulated(shift) for shift in SHIFTS}
    claims = replayed(pytestconfig.rootpath)
    closed = [one for one in claims.values() if one.seeds]
    performance["sequential"] = {
        "false_positive_rate": max(rates.values()),
        "seeds_saved": saved(claims.values()),
        "seeds_saved_where_not_open": saved(closed),
        "false_positive_rate_by_law": rates,
        "simulations": SIMULATIONS,
        "normal_effects_by_shift": power,
        "published_claims": claims,
    }
    with capsys.disabled():
        print(
            f"\nsequential: false positive rates {rates}; of the seeds of {len(claims)} published "
            f"claims {saved(claims.values()):.0%} saved, of the {len(closed)} that are not open "
            f"{saved(closed):.0%}"
        )
        for shift, numbers in power.items():
            print(f"median {shift} sd above the bound: {numbers}")
        for name, one in claims.items():
            print(f"{name:16} {one}")
    error = math.sqrt(0.025 * 0.975 / SIMULATIONS)
    assert max(rates.values()) <= 0.025 + 4 * error, f"expected at most 2.5 % within noise: {rates}"


def false_positive_rate(law: Draw) -> float:
    """The share of claims that are supported although their median lies at the bound."""
    draws = MARGIN + law(np.random.default_rng(0), (SIMULATIONS, CAP))
    found = [decide_sequential(row, above(MARGIN))[0].outcome for row in draws.tolist()]
    return found.count("supported") / SIMULATIONS


def simulated(shift: float) -> dict[str, float]:
    """Mean seeds and power of the sequential rule, and the power of the fixed one."""
    count = SIMULATIONS // 10
    draws = MARGIN + shift + np.random.default_rng(1).normal(size=(count, CAP))
    verdicts = [decide_sequential(row, above(MARGIN))[0] for row in draws.tolist()]
    fixed = [decide(row[:FIXED], above(MARGIN)).outcome for row in draws.tolist()]
    return {
        "seeds": round(mean(verdict.n for verdict in verdicts), 2),
        "supported": sum(v.outcome == "supported" for v in verdicts) / count,
        f"supported_with_{FIXED}_fixed": fixed.count("supported") / count,
    }


def replayed(root: Path) -> dict[str, Replayed]:
    """Every published statistical claim under both rules."""
    found: dict[str, Replayed] = {}
    for one in published.judged_again(load(root), published.load(root / "reports")):
        in_order = [pair for _, pair in sorted(effects(one).items())]
        if one.finding.kind != "statistical" or not in_order:
            continue
        verdict, trajectory = decide_sequential(in_order, one.question.claim.region)
        still_open = trajectory.further > 0
        found[one.finding.id] = Replayed(
            fixed=one.finding.status,
            fixed_seeds=len(in_order),
            sequential="open" if still_open else verdict.outcome,
            seeds=None if still_open else verdict.n,
        )
    return found


def saved(claims: Iterable[Replayed]) -> float:
    """The share of the fixed seeds that is saved; an open claim is counted with all up to the cap."""
    counts = [(one.fixed_seeds, one.seeds or CAP) for one in claims]
    return round(1 - sum(needed for _, needed in counts) / sum(fixed for fixed, _ in counts), 3)
