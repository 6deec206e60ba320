"""How many seeds would decide what these seeds left open."""

from collections.abc import Sequence
from functools import lru_cache

from scipy.special import bdtr

from bnref.evidence.verdict import Region, allowed_losses

POWER = 0.8
MOST = 200
"""Above so many seeds a claim is called undecided for good: the median lies too near the bound."""


def agreeing(effects: Sequence[tuple[float, float]], region: Region) -> float:
    """The larger share of seeds on one side: inside the region, or beyond one of its bounds."""
    sides = (
        sum(region.contains(a, b) for a, b in effects),
        sum(b < region.lo for _, b in effects),
        sum(a > region.hi for a, _ in effects),
    )
    return max(sides) / len(effects)


@lru_cache
def seeds_to_decide(share: float) -> int | None:
    """The fewest seeds n that decide with 80 % power where each agrees with this probability.

    With d(n) the losses allowed: P(Bin(n, 1 - share) <= d(n)) >= 0.8. Shares of 0.9, 0.85, 0.8 and
    0.75 need 12, 15, 20 and 30 seeds. None where more than 200 would be needed.
    """
    for n in range(6, MOST + 1):
        if bdtr(allowed_losses(n), n, 1 - share) >= POWER:
            return n
    return None
