"""Verdicts: what paired seeds say about a region, by the exact sign-test interval of the median.

Every effect is an interval [a, b], usually a = b; an unknown end is infinite and counts against every
verdict. See docs/STATISTICS.md for the rules in prose.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from statistics import median
from typing import Literal

import msgspec
from scipy.special import bdtr, ndtr

ALPHA = 0.05
Outcome = Literal["supported", "refuted", "inconclusive"]


class Region(msgspec.Struct, frozen=True):
    """The closed interval [lo, hi] of effects that supports a claim."""

    lo: float
    hi: float

    def __post_init__(self) -> None:
        if math.isnan(self.lo) or math.isnan(self.hi) or not self.lo < self.hi:
            raise ValueError(f"a region needs lo < hi, not [{self.lo}, {self.hi}]")

    def contains(self, low: float, high: float) -> bool:
        """Whether [low, high] lies inside the region."""
        return self.lo <= low and high <= self.hi

    def misses(self, low: float, high: float) -> bool:
        """Whether [low, high] and the region share no point."""
        return high < self.lo or low > self.hi


def above(margin: float) -> Region:
    """[margin, inf]: the effect is at least the smallest one that counts, so margin > 0.

    Raises ValueError where the margin is not positive: "no effect" must not support a claim.
    """
    if not margin > 0:
        raise ValueError(f"above({margin}): the margin must be positive")
    return Region(margin, math.inf)


def within(lo: float, hi: float) -> Region:
    """[lo, hi]: an equivalence or a law. Both ends must be finite; raises ValueError otherwise."""
    if not (math.isfinite(lo) and math.isfinite(hi)):
        raise ValueError(f"within({lo}, {hi}): both bounds must be finite")
    return Region(lo, hi)


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What follows from the effects: outcome, median, exact interval, p for and against, counts."""

    outcome: Outcome
    median: float
    low: float
    high: float
    p_supported: float
    p_refuted: float
    n: int
    seeds_for: int
    seeds_against: int
    detectable: float | None


def as_interval(effect: float | tuple[float, float]) -> tuple[float, float]:
    """An effect as [a, b]. Raises ValueError on NaN (scipy would count it as a win) or a > b."""
    a, b = effect if isinstance(effect, tuple) else (effect, effect)
    if math.isnan(a) or math.isnan(b):
        raise ValueError("an effect is NaN: an undefined effect is [-inf, inf]")
    if a > b:
        raise ValueError(f"an effect interval is upside down: [{a}, {b}]")
    return float(a), float(b)


@lru_cache
def allowed_losses(n: int, level: float = ALPHA) -> int:
    """The largest d with P(Bin(n, 1/2) <= d) <= level/2, or -1 where there is none (n < 6)."""
    d = -1
    while d + 1 <= n and bdtr(d + 1, n, 0.5) <= level / 2:
        d += 1
    return d


def interval(effects: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """[low, high] covering the median with at least 95 %; unbounded below six seeds."""
    d = allowed_losses(len(effects))
    if d < 0:
        return -math.inf, math.inf
    return sorted(a for a, _ in effects)[d], sorted((b for _, b in effects), reverse=True)[d]


def decide(effects: Sequence[float | tuple[float, float]], region: Region) -> Verdict:
    """Judge one effect per seed against the region.

    Interval inside the region: supported; disjoint: refuted; else inconclusive. The p-values are
    the same rule, with a and b the ends of the effects and F the binomial distribution at 1/2:

        p_S = min(1, 2 max(F(#{a<lo}), F(#{b>hi}))),  p_R = min(1, 2 min(F(#{b>=lo}), F(#{a<=hi})))

    Raises ValueError without effects or with a NaN.
    """
    if not effects:
        raise ValueError("no effects to judge")
    pairs = [as_interval(effect) for effect in effects]
    n = len(pairs)
    low, high = interval(pairs)
    outcome: Outcome = "inconclusive"
    if region.contains(low, high):
        outcome = "supported"
    elif region.misses(low, high):
        outcome = "refuted"
    tail_lo = _share(sum(a < region.lo for a, _ in pairs), n)
    tail_hi = _share(sum(b > region.hi for _, b in pairs), n)
    miss_lo = _share(sum(b >= region.lo for _, b in pairs), n)
    miss_hi = _share(sum(a <= region.hi for a, _ in pairs), n)
    return Verdict(
        outcome=outcome,
        median=midpoint(median(a for a, _ in pairs), median(b for _, b in pairs)),
        low=low,
        high=high,
        p_supported=min(1.0, 2 * max(tail_lo, tail_hi)),
        p_refuted=min(1.0, 2 * min(miss_lo, miss_hi)),
        n=n,
        seeds_for=sum(region.contains(a, b) for a, b in pairs),
        seeds_against=sum(region.misses(a, b) for a, b in pairs),
        detectable=detectable([(a + b) / 2 for a, b in pairs if a == b], n, region),
    )


def _share(wins: int, n: int) -> float:
    """F(wins) = P(Bin(n, 1/2) <= wins)."""
    return float(bdtr(wins, n, 0.5))


def midpoint(a: float, b: float) -> float:
    """The middle of [a, b], NaN where it has none."""
    if a == b:
        return a
    return (a + b) / 2 if math.isfinite(a) and math.isfinite(b) else math.nan


def decide_exact(effects: Sequence[float | tuple[float, float]], region: Region) -> Verdict:
    """Judge an exact claim: every seed must lie in the region, and one failure refutes. No p."""
    pairs = [as_interval(effect) for effect in effects]
    if not pairs:
        raise ValueError("no effects to judge")
    held = [region.contains(a, b) for a, b in pairs]
    return Verdict(
        outcome="supported" if all(held) else "refuted",
        median=median(a for a, _ in pairs),
        low=min(a for a, _ in pairs),
        high=max(b for _, b in pairs),
        p_supported=math.nan,
        p_refuted=math.nan,
        n=len(pairs),
        seeds_for=sum(held),
        seeds_against=len(held) - sum(held),
        detectable=None,
    )


@lru_cache
def power_shift(n: int, two_sided: bool) -> float:
    """z such that effects of median z sd inside the bound(s) are supported with 80 % power.

    Normal effects. One bound: P(Bin(n, 1 - Phi(z)) <= d) = 0.8. Two bounds, effects centred: both
    tails keep to at most d seeds. Infinite where n cannot support anything.
    """
    d = allowed_losses(n)
    if d < 0:
        return math.inf

    def power(z: float) -> float:
        q = float(ndtr(-z))
        if not two_sided:
            return float(bdtr(d, n, q))
        return sum(
            math.comb(n, i) * q**i * (1 - q) ** (n - i) * float(bdtr(d, n - i, q / (1 - q)))
            for i in range(d + 1)
        )

    lo, hi = 0.0, 6.0
    for _ in range(50):
        middle = (lo + hi) / 2
        lo, hi = (lo, middle) if power(middle) >= 0.8 else (middle, hi)
    return hi


def detectable(effects: Sequence[float], n: int, region: Region) -> float | None:
    """The effect that n seeds would support with 80 % power, in the effect's unit.

    `above`: margin + z IQR/1.349. `within`: the half-width needed, z IQR/1.349. None where fewer
    than four effects are known exactly or the spread is not finite.
    """
    known = sorted(value for value in effects if math.isfinite(value))
    if len(known) < 4:
        return None
    spread = (_quantile(known, 0.75) - _quantile(known, 0.25)) / 1.349
    both = math.isfinite(region.lo) and math.isfinite(region.hi)
    needed = power_shift(n, both) * spread
    if not math.isfinite(needed):
        return None
    if both:
        return needed
    return region.lo + needed if math.isfinite(region.lo) else region.hi - needed


def _quantile(ordered: Sequence[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above_ = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above_] - ordered[below])


def holm(p_values: Sequence[float], family: int = 0) -> list[float]:
    """Holm's adjusted p-values, valid under any dependence; family members without one count as 1."""
    size = max(family, len(p_values))
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    adjusted = [1.0] * len(p_values)
    running = 0.0
    for rank, index in enumerate(order):
        running = max(running, min(1.0, (size - rank) * p_values[index]))
        adjusted[index] = running
    return adjusted
