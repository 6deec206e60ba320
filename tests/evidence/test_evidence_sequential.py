"""The sequential rule by hand, against its definition, and by simulation (statistics.md, item 11)."""

import math
import random

import numpy as np
import pytest

from bnref.evidence.sequential import (
    CAP,
    FIRST_LOOK,
    THRESHOLD,
    allowed_losses,
    capital,
    decide_sequential,
    interval,
)
from bnref.evidence.verdict import Region, above, decide, within

SIMULATIONS = 20_000
ERRORS = 4.0
"""How many Monte-Carlo standard errors a simulated share may be off."""
MARGIN = 1.0
WIN, LOSS = 2.0, 0.0


def most(share: float) -> float:
    return share + ERRORS * math.sqrt(share * (1 - share) / SIMULATIONS)


def infinite(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    kinds = rng.choice(4, size=shape, p=(0.3, 0.2, 0.2, 0.3))
    near = np.abs(rng.normal(size=shape))
    return np.choose(kinds, [np.full(shape, -math.inf), -near, near, np.full(shape, math.inf)])


LAWS = {  # of median 0, with half the probability on either side
    "normal": lambda rng, shape: rng.normal(size=shape),
    "heavy-tailed": lambda rng, shape: rng.standard_cauchy(size=shape),
    "skewed": lambda rng, shape: rng.exponential(size=shape) - math.log(2),
    "tied": lambda rng, shape: rng.choice([-1.5, -0.5, 0.5, 1.5], shape, p=(0.1, 0.4, 0.4, 0.1)),
    "infinite": infinite,
}


def crossing() -> float:
    """P(a fair coin's E reaches 40 within 30 tosses), by the counts of wins that have not."""
    inside, crossed = {0: 1.0}, 0.0
    for n in range(1, CAP + 1):
        reached: dict[int, float] = {}
        for wins, chance in inside.items():
            for now in (wins, wins + 1):
                reached[now] = reached.get(now, 0.0) + chance / 2
        crossed += sum(p for k, p in reached.items() if capital(k, n) >= THRESHOLD)
        inside = {k: p for k, p in reached.items() if capital(k, n) < THRESHOLD}
    return crossed


def simulate(law, region: Region, seed: int = 0) -> dict[str, float]:
    """Shares of outcomes, and how often none of the 30 intervals misses the median, MARGIN."""
    draws = MARGIN + law(np.random.default_rng(seed), (SIMULATIONS, CAP))
    counts = {"supported": 0, "refuted": 0, "inconclusive": 0, "covered": 0}
    for effects in draws.tolist():
        counts[decide_sequential(effects, region)[0].outcome] += 1
        low, high = interval([(value, value) for value in effects])
        counts["covered"] += low <= MARGIN <= high
    return {name: count / SIMULATIONS for name, count in counts.items()}


@pytest.mark.parametrize("law", LAWS)
def test_a_median_at_the_bound_is_supported_and_refuted_in_at_most_2_5_percent(law):
    shares = simulate(LAWS[law], above(MARGIN))
    exact = crossing()
    assert exact <= 0.025, "Ville's inequality"
    for outcome in ("supported", "refuted"):
        assert abs(shares[outcome] - exact) <= most(exact) - exact, (
            f"{law}: {shares[outcome]:.4f} {outcome}, expected {exact:.4f} within Monte-Carlo error"
        )
    assert shares["covered"] >= 1 - most(0.05), f"{law}: expected the intervals to cover in 95 %"


def test_looking_after_every_seed_with_the_fixed_rule_would_not_keep_to_2_5_percent():
    """What the martingale is for: the same simulation refutes the naive rule."""
    draws = MARGIN + np.random.default_rng(0).normal(size=(2000, CAP))
    naive = sum(
        any(decide(effects[:n], above(MARGIN)).outcome == "supported" for n in range(6, CAP + 1))
        for effects in draws.tolist()
    )
    assert naive / 2000 > 0.06, f"expected the naive rule to err often, found {naive / 2000:.3f}"


def test_within_supports_falsely_in_2_5_and_refutes_falsely_in_5_percent():
    edge = simulate(LAWS["normal"], within(MARGIN, MARGIN + 50), seed=1)
    assert edge["supported"] <= most(0.025), "a median at one bound: at most 2.5 % supported"
    narrow = simulate(LAWS["normal"], within(MARGIN - 1e-9, MARGIN + 1e-9), seed=2)
    assert narrow["supported"] == 0, "a region without width is never supported"
    assert narrow["refuted"] <= most(0.05), "both tails: at most 5 % refuted"


@pytest.mark.parametrize(("wins", "n"), [(7, 7), (10, 11), (13, 15), (23, 30)])
def test_needed_seeds(wins, n):
    assert n - allowed_losses(n) == wins, f"expected {wins} of {n}"
    for outcome, win, loss in (("supported", WIN, LOSS), ("refuted", LOSS, WIN)):
        effects = [loss, win] * (n - wins) + [win] * (2 * wins - n)
        verdict, trajectory = decide_sequential(effects, above(MARGIN))
        assert (verdict.outcome, verdict.n) == (outcome, n), f"{wins} of {n} suffice"
        before, _ = decide_sequential(effects[:-1], above(MARGIN))
        assert before.outcome == "inconclusive", f"{wins - 1} of {n - 1} do not"
        assert decide_sequential(effects[:-1], above(MARGIN))[1].further == 1, (
            "one more win decides"
        )
        assert len(trajectory.e_supported) == len(trajectory.e_refuted) == n


def test_capital_by_the_formula():
    assert capital(0, 0) == 1, "she starts with 1"
    assert capital(7, 7) == pytest.approx((1.5**7 + 1.9**7) / 2)
    assert capital(10, 11) == pytest.approx((1.5**10 * 0.5 + 1.9**10 * 0.1) / 2)
    for n in range(CAP):
        for wins in range(n + 1):
            mean = (capital(wins, n + 1) + capital(wins + 1, n + 1)) / 2
            assert mean == pytest.approx(capital(wins, n)), "a fair coin neither wins nor loses"


def test_p_values_and_trajectory_by_hand():
    verdict, trajectory = decide_sequential([WIN, LOSS, WIN], above(MARGIN))
    assert trajectory.e_supported == pytest.approx([1.7 / 2 * 2, 1.7, 1.7]), "the largest so far"
    lost = [capital(0, 1), capital(1, 2), capital(1, 2)]
    assert trajectory.e_refuted == pytest.approx(lost)
    assert (verdict.p_supported, verdict.p_refuted) == (1, 1), "2/1.7, capped"
    seven, _ = decide_sequential([WIN] * 7, above(MARGIN))
    assert seven.p_supported == pytest.approx(4 / (1.5**7 + 1.9**7))
    assert (seven.low, seven.high) == (WIN, WIN)


def test_it_ends_with_the_verdict_and_where_none_can_come():
    assert FIRST_LOOK == 7
    late, trajectory = decide_sequential([WIN] * 7 + [LOSS] * 23, above(MARGIN))
    assert (late.outcome, late.n, trajectory.further) == ("supported", 7, 0), "the rest is not read"
    coin, trajectory = decide_sequential([WIN, LOSS] * 15, above(MARGIN))
    assert (coin.outcome, coin.n, trajectory.further) == ("inconclusive", 16, 0)
    assert capital(8 + 14, 30) < THRESHOLD, "8 of 16: not even 22 of 30 decide"
    assert capital(8 + 15, 30) >= THRESHOLD, "8 of 15 might have"
    assert decide_sequential([WIN] * 6, above(MARGIN))[1].further == 1
    assert decide_sequential([WIN], above(MARGIN))[1].further == 6


def test_an_undefined_effect_counts_against_every_verdict():
    nothing = (-math.inf, math.inf)
    verdict, _ = decide_sequential([nothing] * 30, above(MARGIN))
    assert (verdict.outcome, verdict.seeds_for, verdict.seeds_against) == ("inconclusive", 0, 0)
    assert (verdict.low, verdict.high) == nothing
    assert math.isnan(verdict.median)
    assert decide_sequential([WIN] * 6 + [nothing], above(MARGIN))[0].outcome == "inconclusive"
    assert decide_sequential([math.inf] * 7, above(MARGIN))[0].outcome == "supported"
    assert decide_sequential([-math.inf] * 7, above(MARGIN))[0].outcome == "refuted"
    assert decide_sequential([math.inf] * 7, within(-1, 1))[0].outcome == "refuted"


def test_both_bounds_of_within_are_needed():
    """Nine wins at both bounds but one loss each: each alone has 10 of 11, both by seed 11."""
    region = within(-1, 1)
    effects = [2.0, -2.0] + [0.0] * 20
    verdict, trajectory = decide_sequential(effects, region)
    assert (verdict.outcome, verdict.n) == ("supported", 11), "each bound: one loss in 11"
    one_sided, _ = decide_sequential(effects, Region(-math.inf, 1))
    assert one_sided.n == 11
    many = [2.0] * 3 + [0.0] * 27
    assert decide_sequential(many, region)[0].n > 11, "the worse bound decides"
    assert trajectory.e_supported[-1] == pytest.approx(capital(10, 11))


def some_effects(draw: random.Random) -> list[tuple[float, float]]:
    centre = draw.choice([-2.0, 0.0, 1.0, 3.0])
    found = []
    for _ in range(CAP):
        a = centre + draw.choice([-2.0, -1.0, 0.0, 0.0, 1.0, draw.gauss(0, 1)])
        kind = draw.random()
        b = math.inf if kind < 0.05 else a
        found.append((-math.inf, math.inf) if kind > 0.95 else (a, b))
    return found


def test_the_interval_says_the_same_as_the_martingales():
    """Supported where it lies inside the region, refuted where it misses it, at every n."""
    draw = random.Random(0)
    regions = [above(0.5), above(1.0), within(-1, 1), within(0, 2), Region(-math.inf, 0.0)]
    seen = set()
    for trial in range(3000):
        effects, region = some_effects(draw), regions[trial % len(regions)]
        n = draw.randrange(1, CAP + 1)
        verdict, trajectory = decide_sequential(effects[:n], region)
        seen.add((verdict.outcome, region))
        case = f"{verdict} for {effects[:n]} and {region}"
        assert (verdict.outcome == "refuted") == region.misses(verdict.low, verdict.high), case
        inside = region.contains(verdict.low, verdict.high)
        assert (verdict.outcome == "supported") == inside, case
        assert (verdict.outcome == "supported") == (verdict.p_supported <= 0.05), case
        assert (verdict.outcome == "refuted") == (verdict.p_refuted <= 0.05), case
        more = trajectory.further
        assert (verdict.n == n) or more == 0, case
        if more:
            ahead = {decide_sequential(effects[: n + m], region)[0].outcome for m in range(1, more)}
            assert ahead <= {"inconclusive"}, f"no verdict before {more} further seeds: {case}"
    assert len(seen) == 3 * len(regions), "expected every outcome of every region to occur"


def test_nan_and_nothing_raise():
    with pytest.raises(ValueError, match="no effects"):
        decide_sequential([], above(MARGIN))
    with pytest.raises(ValueError, match="NaN"):
        decide_sequential([1.0, math.nan], above(MARGIN))
