"""The statistics by hand-made examples, against scipy, and by simulation (statistics.md, item 12)."""

import math
from statistics import median

import numpy as np
import pytest
from scipy.stats import binom, quantile_test

from bnref.evidence.verdict import (
    ALPHA,
    Region,
    above,
    allowed_losses,
    as_interval,
    decide,
    decide_exact,
    detectable,
    holm,
    interval,
    power_shift,
    within,
)

SIMULATIONS = 20_000
ERRORS = 4.0
"""How many Monte-Carlo standard errors a simulated share may be off."""
MARGIN = 1.0


def most(share: float) -> float:
    """The largest share that a simulation of an event of this probability may show."""
    return share + ERRORS * math.sqrt(share * (1 - share) / SIMULATIONS)


def least(share: float) -> float:
    return share - ERRORS * math.sqrt(share * (1 - share) / SIMULATIONS)


def infinite(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    kinds = rng.choice(4, size=shape, p=(0.3, 0.2, 0.2, 0.3))
    near = np.abs(rng.normal(size=shape))
    return np.choose(kinds, [np.full(shape, -math.inf), -near, near, np.full(shape, math.inf)])


def tied(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Steps of a grid; the bound lies halfway between two of them (item 4)."""
    return rng.choice([-1.5, -0.5, 0.5, 1.5], size=shape, p=(0.1, 0.4, 0.4, 0.1))


LAWS = {  # of median 0, with half the probability on either side
    "normal": lambda rng, shape: rng.normal(size=shape),
    "heavy-tailed": lambda rng, shape: rng.standard_cauchy(size=shape),
    "skewed": lambda rng, shape: rng.exponential(size=shape) - math.log(2),
    "tied": tied,
    "infinite": infinite,
}


def simulate(law, n: int, region: Region, seed: int = 0) -> dict[str, float]:
    """Shares of outcomes, and how often the interval covers the median, which is MARGIN."""
    draws = MARGIN + law(np.random.default_rng(seed), (SIMULATIONS, n))
    counts = {"supported": 0, "refuted": 0, "inconclusive": 0, "covered": 0}
    for effects in draws.tolist():
        verdict = decide(effects, region)
        counts[verdict.outcome] += 1
        counts["covered"] += verdict.low <= MARGIN <= verdict.high
    return {name: count / SIMULATIONS for name, count in counts.items()}


@pytest.mark.parametrize("law", LAWS)
def test_a_median_at_the_bound_is_supported_and_refuted_in_at_most_2_5_percent(law):
    shares = simulate(LAWS[law], 12, above(MARGIN))
    exact = float(binom.cdf(2, 12, 0.5))  # 1.93 %: twelve seeds allow two losses
    for outcome in ("supported", "refuted"):
        assert least(exact) <= shares[outcome] <= most(exact), (
            f"{law}: {shares[outcome]:.4f} {outcome}, expected {exact:.4f} within Monte-Carlo error"
        )
        assert shares[outcome] <= most(0.025), f"{law}: expected at most 2.5 % {outcome}"
    assert shares["covered"] >= least(0.95), f"{law}: expected the interval to cover in 95 %"


def test_the_sharpest_seed_count_keeps_to_2_5_percent():
    shares = simulate(LAWS["normal"], 17, above(MARGIN))  # F(4; 17) = 2.45 %, nearest to the limit
    assert shares["supported"] <= most(0.025), "expected at most 2.5 % supported at n=17"
    assert shares["refuted"] <= most(0.025), "expected at most 2.5 % refuted at n=17"
    assert shares["covered"] >= least(0.95), "expected at least 95 % coverage at n=17"


def test_a_tie_with_the_bound_counts_for_the_claim_and_still_covers():
    def law(rng, shape):
        return rng.choice([-1.0, 0.0, 1.0], size=shape, p=(0.4, 0.2, 0.4))

    shares = simulate(law, 12, above(MARGIN))
    assert shares["refuted"] <= most(0.025), "the median is in the closed region: refuting is false"
    assert shares["covered"] >= least(0.95), "expected at least 95 % coverage with ties"


def test_within_supports_falsely_in_2_5_and_refutes_falsely_in_5_percent():
    narrow = simulate(LAWS["normal"], 17, within(MARGIN - 1e-9, MARGIN + 1e-9))
    both = 2 * float(binom.cdf(4, 17, 0.5))
    assert narrow["supported"] == 0, "a region without width is never supported"
    assert least(both) <= narrow["refuted"] <= most(0.05), (
        f"{narrow['refuted']:.4f} refuted, expected {both:.4f} (both tails), at most 5 %"
    )
    edge = simulate(LAWS["normal"], 17, within(MARGIN, MARGIN + 50), seed=1)
    assert edge["supported"] <= most(0.025), "a median at one bound: at most 2.5 % supported"


@pytest.mark.parametrize(
    ("needed", "n"), [(6, 6), (8, 9), (9, 10), (10, 12), (12, 15), (13, 17), (15, 20), (21, 30)]
)
def test_needed_seeds(needed, n):
    assert n - allowed_losses(n) == needed, f"expected {needed} of {n}"
    wins, losses = [2.0] * needed, [0.0] * (n - needed)
    assert decide(wins + losses, above(1)).outcome == "supported", f"{needed} of {n} suffice"
    fewer = decide(wins[1:] + losses + [0.0], above(1))
    assert fewer.outcome == "inconclusive", f"{needed - 1} of {n} do not suffice"


@pytest.mark.parametrize("n", range(1, 6))
def test_below_six_seeds_nothing_follows(n):
    verdict = decide([5.0] * n, above(1))
    assert verdict.outcome == "inconclusive", "expected no verdict below six seeds"
    assert (verdict.low, verdict.high) == (-math.inf, math.inf), "expected an unbounded interval"
    assert verdict.p_supported > ALPHA, "expected p above 0.05"


def scipy_bounds(values: list[float]) -> tuple[float, float]:
    found = quantile_test(values, q=0, p=0.5, alternative="two-sided").confidence_interval(0.95)
    low, high = float(found.low), float(found.high)
    return -math.inf if math.isnan(low) else low, math.inf if math.isnan(high) else high


def some_effects(rng: np.random.Generator) -> list[tuple[float, float]]:
    """Ties, infinities, censored and undefined effects, of any number of seeds."""
    n = int(rng.integers(1, 32))
    a = rng.choice([-2.0, -1.0, 0.0, 0.5, 1.0, 2.0, 3.0], size=n) + rng.choice([-2.0, 0.0, 2.0])
    a = np.where(rng.random(n) < 0.1, rng.choice([-math.inf, math.inf], size=n), a)
    b = np.where(rng.random(n) < 0.1, math.inf, a)
    undefined = rng.random(n) < 0.05
    return list(
        zip(
            np.where(undefined, -math.inf, a).tolist(),
            np.where(undefined, math.inf, b).tolist(),
            strict=True,
        )
    )


def test_bounds_agree_with_scipy():
    rng = np.random.default_rng(1)
    for _ in range(400):
        effects = some_effects(rng)
        expected = (
            scipy_bounds([a for a, _ in effects])[0],
            scipy_bounds([b for _, b in effects])[1],
        )
        assert interval(effects) == expected, f"expected scipy's {expected} for {effects}"


def test_p_values_agree_with_the_verdict():
    rng = np.random.default_rng(2)
    regions = [above(0.5), above(1.0), within(-1, 1), within(0, 2), Region(-math.inf, 0.0)]
    seen = set()
    for trial in range(4000):
        effects, region = some_effects(rng), regions[trial % len(regions)]
        verdict = decide(effects, region)
        seen.add((verdict.outcome, region))
        case = f"{verdict} for {effects} and {region}"
        assert (verdict.outcome == "supported") == (verdict.p_supported <= ALPHA), (
            f"expected supported exactly where p_supported <= 0.05: {case}"
        )
        assert (verdict.outcome == "refuted") == (verdict.p_refuted <= ALPHA), (
            f"expected refuted exactly where p_refuted <= 0.05: {case}"
        )
        assert 0 < verdict.p_supported <= 1, f"expected a probability: {case}"
        assert 0 < verdict.p_refuted <= 1, f"expected a probability: {case}"
        assert verdict.low <= verdict.high, f"expected an interval the right way up: {case}"
        assert verdict.seeds_for + verdict.seeds_against <= verdict.n == len(effects), case
    assert len(seen) == 3 * len(regions), "expected every outcome of every region to occur"


def test_p_values_by_the_formula():
    verdict = decide([2.0] * 11 + [0.0], above(1))
    assert verdict.p_supported == pytest.approx(2 * (1 + 12) / 2**12), "2 F(1; 12) = 26/4096"
    assert verdict.p_refuted == 1, "expected p capped at 1"
    assert (verdict.seeds_for, verdict.seeds_against) == (11, 1), "expected 11 for and 1 against"


def test_an_undefined_effect_counts_against_every_verdict():
    nothing = (-math.inf, math.inf)
    assert decide([2.0] * 12, above(1)).outcome == "supported"
    assert decide([2.0] * 9 + [nothing] * 3, above(1)).outcome == "inconclusive"
    assert decide([0.0] * 9 + [nothing] * 3, above(1)).outcome == "inconclusive"
    verdict = decide([nothing] * 12, above(1))
    assert (verdict.seeds_for, verdict.seeds_against) == (0, 0), "an undefined effect is no vote"
    assert math.isnan(verdict.median), "the median of nothing is unknown"


def test_infinite_effects_decide():
    assert decide([math.inf] * 12, above(1)).outcome == "supported"
    assert decide([-math.inf] * 12, above(1)).outcome == "refuted"
    assert decide([math.inf] * 12, within(-1, 1)).outcome == "refuted"
    verdict = decide([(2.0, math.inf)] * 12, above(1))
    assert verdict.outcome == "supported", "a censored effect is at least its known end"
    assert math.isinf(verdict.high), "expected an unbounded upper end"


def test_nan_and_upside_down_effects_raise():
    for effect in (math.nan, (math.nan, 1.0), (0.0, math.nan)):
        with pytest.raises(ValueError, match="NaN"):
            decide([1.0, effect], above(1))
        with pytest.raises(ValueError, match="NaN"):
            decide_exact([1.0, effect], above(1))
    with pytest.raises(ValueError, match=r"upside down: \[2.0, 1.0\]"):
        decide([(2.0, 1.0)], above(1))
    assert as_interval(3) == (3.0, 3.0), "a number is an interval without width"
    for judge in (decide, decide_exact):
        with pytest.raises(ValueError, match="no effects"):
            judge([], above(1))


@pytest.mark.parametrize("margin", [0, 0.0, -1, -math.inf, math.nan])
def test_no_effect_never_supports_an_above_claim(margin):
    with pytest.raises(ValueError, match="must be positive"):
        above(margin)


def test_regions_refuse_nonsense():
    for lo, hi in ((1, 1), (2, 1), (math.nan, 1), (0, math.nan)):
        with pytest.raises(ValueError, match="lo < hi"):
            Region(lo, hi)
    for lo, hi in ((-math.inf, 1), (0, math.inf), (math.nan, 1)):
        with pytest.raises(ValueError, match="must be finite"):
            within(lo, hi)
    assert within(-1, 1).contains(-1, 1), "regions are closed"
    assert not within(-1, 1).misses(1, 2), "regions are closed"


def test_exact_claims_need_every_seed():
    held = decide_exact([3.0, 2.0, 5.0], above(1))
    assert (held.outcome, held.low, held.median, held.high) == ("supported", 2.0, 3.0, 5.0)
    assert math.isnan(held.p_supported), "an exact claim has no p"
    failed = decide_exact([3.0, 0.5, 5.0], above(1))
    assert failed.outcome == "refuted", "one failure refutes"
    assert (failed.seeds_for, failed.seeds_against) == (2, 1)


@pytest.mark.parametrize(
    ("n", "one", "two"), [(9, 1.32, 1.54), (12, 1.12, 1.30), (15, 1.01, 1.16), (20, 0.84, 0.97)]
)
def test_detectable_shift_table(n, one, two):
    # The document's digits are rounded, one of them (1.015 at n=15) from the very middle.
    assert power_shift(n, False) == pytest.approx(one, abs=0.006), f"item 10: z of above at n={n}"
    assert power_shift(n, True) == pytest.approx(two, abs=0.006), f"item 10: z of within at n={n}"


def test_detectable_is_in_the_unit_of_the_effect():
    effects = [0.0, 1.0, 2.0, 3.0, 4.0]  # quartiles 1 and 3
    spread = 2 / 1.349
    assert detectable(effects, 12, above(7)) == pytest.approx(7 + power_shift(12, False) * spread)
    assert detectable(effects, 12, within(-9, 9)) == pytest.approx(power_shift(12, True) * spread)
    upper = detectable(effects, 12, Region(-math.inf, 7.0))
    assert upper == pytest.approx(7 - power_shift(12, False) * spread), "mirror of above"
    assert detectable(effects[:3], 12, above(1)) is None, "three known effects have no spread"
    assert detectable(effects, 5, above(1)) is None, "five seeds can support nothing"
    assert detectable([*effects, math.inf], 12, above(7)) == detectable(effects, 12, above(7))


@pytest.mark.parametrize("two_sided", [False, True])
def test_detectable_effects_are_supported_in_80_percent(two_sided):
    n, z, count = 12, power_shift(12, two_sided), 6000
    region = within(-z, z) if two_sided else above(1)
    draws = np.random.default_rng(5).normal(0 if two_sided else 1 + z, 1, size=(count, n))
    wins = sum(decide(effects, region).outcome == "supported" for effects in draws.tolist())
    assert wins / count == pytest.approx(0.8, abs=4 * math.sqrt(0.16 / count)), "expected power 0.8"


def test_holm_by_hand():
    found = holm([0.01, 0.04, 0.03, 0.005])
    assert found == pytest.approx([0.03, 0.06, 0.06, 0.02]), "4x0.005, 3x0.01, 2x0.03, then the max"
    assert holm([]) == []
    assert holm([0.02]) == [0.02], "a family of one is not adjusted"
    assert holm([0.6, 0.7]) == [1.0, 1.0], "expected p capped at 1"
    assert holm([0.01], 3) == pytest.approx([0.03]), "members without p count in the family"
    assert holm([0.01, 0.02], 4) == pytest.approx(holm([0.01, 0.02, 1.0, 1.0])[:2])


def test_holm_is_monotone_and_rejects_like_its_definition():
    rng = np.random.default_rng(3)
    for _ in range(200):
        m = int(rng.integers(1, 12))
        p = (rng.choice([0.001, 0.01, 0.02, 0.05, 0.4, 1.0], size=m) * rng.random()).tolist()
        adjusted = holm(p)
        order = sorted(range(m), key=lambda i: p[i])
        ordered = [adjusted[i] for i in order]
        assert ordered == sorted(ordered), "expected the order of the p-values"
        assert all(q <= a <= min(1.0, m * q) for q, a in zip(p, adjusted, strict=True)), (
            "expected between the p-value and Bonferroni's"
        )
        rejected = 0  # step down: stop at the first p above alpha / (m - rank)
        while rejected < m and (m - rejected) * p[order[rejected]] <= ALPHA:
            rejected += 1
        assert sum(a <= ALPHA for a in adjusted) == rejected, "expected Holm's step-down rejections"


@pytest.mark.parametrize(("wins", "n", "claims"), [(10, 10, 25), (12, 12, 102), (18, 20, 124)])
def test_how_many_claims_a_count_of_wins_confirms(wins, n, claims):
    p = decide([2.0] * wins + [0.0] * (n - wins), above(1)).p_supported
    assert holm([p], claims)[0] <= ALPHA, f"{wins} of {n} suffice for {claims} claims"
    assert holm([p], claims + 1)[0] > ALPHA, f"and not for {claims + 1}"


def test_the_median_is_that_of_the_effects():
    assert decide([1.0, 5.0, 2.0, 9.0], above(1)).median == median([1, 5, 2, 9])
    assert decide([(1.0, 3.0), (1.0, 3.0)], above(1)).median == 2.0, "the middle of what is known"
