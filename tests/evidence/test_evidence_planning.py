"""How many seeds would decide: against the binomial distribution, term by term."""

import math

import pytest

from bnref.evidence.planning import agreeing, seeds_to_decide
from bnref.evidence.verdict import above, allowed_losses, within


def power(n: int, share: float) -> float:
    d = allowed_losses(n)
    return sum(math.comb(n, k) * (1 - share) ** k * share ** (n - k) for k in range(d + 1))


@pytest.mark.parametrize(("share", "seeds"), [(0.9, 12), (0.85, 15), (0.8, 20), (0.75, 30)])
def test_the_table_of_the_design(share, seeds):
    assert seeds_to_decide(share) == seeds
    assert power(seeds, share) >= 0.8
    assert all(power(n, share) < 0.8 for n in range(6, seeds)), "and no fewer"


def test_near_one_half_no_number_of_seeds_decides():
    assert seeds_to_decide(0.5) is None
    assert seeds_to_decide(0.55) is None
    assert seeds_to_decide(1.0) == 6


def test_the_side_on_which_most_seeds_lie():
    effects = [(2.0, 2.0)] * 3 + [(0.0, 0.0)] * 6 + [(0.0, math.inf)]
    assert agreeing(effects, above(1)) == 0.6, "six below; an interval over the bound is on no side"
    assert agreeing([(0.0, 0.0)] * 7 + [(3.0, 3.0)] * 3, within(-1, 1)) == 0.7
    assert agreeing([(-3.0, -3.0)] * 4 + [(3.0, 3.0)] * 5, within(-1, 1)) == 5 / 9, (
        "seeds beyond different bounds do not refute together"
    )
