"""The sequential rule: seeds enter in numerical order until a betting martingale decides.

Against one bound, a gambler who starts with 1 and bets half of it at each of two stakes holds

    E(k, n) = 1/2 (1.5^k 0.5^(n-k) + 1.9^k 0.1^(n-k))

after k wins in n seeds. Where a win has probability at most 1/2, E is a supermartingale, and the
probability that it ever reaches 40 is at most 1/40 (Ville's inequality), whatever the distribution
and however often one looks. Seven straight wins reach 40, and 10 of 11, and 13 of 15.
"""

import math
from bisect import insort
from collections.abc import Sequence
from functools import cache
from statistics import median

import msgspec

from bnref.evidence.verdict import ALPHA, Outcome, Region, Verdict, as_interval, midpoint

CAP = 30
"""No claim is judged on more seeds."""
THRESHOLD = 2 / ALPHA
STAKES = (0.5, 0.9)


class Trajectory(msgspec.Struct, frozen=True, kw_only=True):
    """How the evidence grew: element i is the largest E over the first i + 1 seeds.

    `e_supported` is of the weaker bound, `e_refuted` of the stronger one. `further` is the smallest
    number of seeds after which the claim can be supported or refuted; 0 where it is, or where it can
    not be by `cap`.
    """

    cap: int
    threshold: float
    e_supported: list[float]
    e_refuted: list[float]
    further: int


@cache
def capital(wins: int, n: int) -> float:
    """E(k, n) after `wins` of `n` seeds."""
    return sum((1 + stake) ** wins * (1 - stake) ** (n - wins) for stake in STAKES) / len(STAKES)


@cache
def allowed_losses(n: int) -> int:
    """The largest d with E(n - d, n) >= 40, or -1 where there is none (n < 7)."""
    d = -1
    while d < n and capital(n - d - 1, n) >= THRESHOLD:
        d += 1
    return d


def interval(effects: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The intersection over all n of [(d+1)-th smallest a, (d+1)-th largest b], d = allowed_losses(n).

    All of these hold the median at once with a probability of at least 95 %. Unbounded below seven.
    """
    low, high = -math.inf, math.inf
    lower: list[float] = []
    upper: list[float] = []
    for n, (a, b) in enumerate(effects, start=1):
        insort(lower, a)
        insort(upper, b)
        d = allowed_losses(n)
        if d >= 0:
            low, high = max(low, lower[d]), min(high, upper[-1 - d])
    return low, high


def decide_sequential(
    effects: Sequence[float | tuple[float, float]], region: Region
) -> tuple[Verdict, Trajectory]:
    """Judge effects in the order of their seeds; those after the verdict, or the cap, are not read.

    With effects [a, b], four counts make one E each: wins a >= lo and b <= hi, losses b < lo and
    a > hi. A loss process has reached 40: refuted. Both win processes have: supported. None can by the
    cap: inconclusive, with `further` 0; where it is not 0 the claim is open. An infinite bound is won
    by every seed, so it is never the weaker one.

        p_S = min(1, 2 / max E of the weaker bound),  p_R = min(1, 2 / max E of the losses)

    The `interval` lies inside the region where both win processes have reached 40, and misses it
    where a loss process has. Raises ValueError without effects or with a NaN.
    """
    if not effects:
        raise ValueError("no effects to judge")
    pairs = [as_interval(effect) for effect in effects]
    won_lo = won_hi = lost_lo = lost_hi = 0
    top_lo = top_hi = top_lost = 0.0
    e_supported: list[float] = []
    e_refuted: list[float] = []
    for n, (a, b) in enumerate(pairs[:CAP], start=1):
        won_lo += a >= region.lo
        won_hi += b <= region.hi
        lost_lo += b < region.lo
        lost_hi += a > region.hi
        top_lo = max(top_lo, capital(won_lo, n))
        top_hi = max(top_hi, capital(won_hi, n))
        top_lost = max(top_lost, capital(max(lost_lo, lost_hi), n))
        e_supported.append(min(top_lo, top_hi))
        e_refuted.append(top_lost)
        # A bound that has reached 40 stays won, whatever comes.
        wins = min(
            won_lo if top_lo < THRESHOLD else n,
            won_hi if top_hi < THRESHOLD else n,
        )
        more = 0
        if max(e_supported[-1], top_lost) < THRESHOLD:
            more = _further(max(wins, lost_lo, lost_hi), n)
        if more == 0:
            break
    used = pairs[: len(e_supported)]
    low, high = interval(used)
    verdict = Verdict(
        outcome=_outcome(e_supported[-1], e_refuted[-1]),
        median=midpoint(median(a for a, _ in used), median(b for _, b in used)),
        low=low,
        high=high,
        p_supported=min(1.0, 2 / e_supported[-1]),
        p_refuted=min(1.0, 2 / e_refuted[-1]),
        n=len(used),
        seeds_for=sum(region.contains(a, b) for a, b in used),
        seeds_against=sum(region.misses(a, b) for a, b in used),
        detectable=None,
    )
    return verdict, Trajectory(
        cap=CAP, threshold=THRESHOLD, e_supported=e_supported, e_refuted=e_refuted, further=more
    )


@cache
def _further(wins: int, n: int) -> int:
    """The fewest further seeds, all won, after which E reaches 40; 0 where none do by the cap."""
    return next(
        (m for m in range(1, CAP - n + 1) if capital(wins + m, n + m) >= THRESHOLD),
        0,
    )


FIRST_LOOK = _further(0, 0)
"""The smallest number of seeds that decides anything."""


def _outcome(e_supported: float, e_refuted: float) -> Outcome:
    if e_refuted >= THRESHOLD:
        return "refuted"
    return "supported" if e_supported >= THRESHOLD else "inconclusive"
