"""Who is compared with whom among networks trained at several rates, at every scale."""

import math
from itertools import pairwise

import pytest

from bnref.evidence.claim import UNDEFINED, Row, Rows
from reproductions.bjorck_gomes_selman_weinberger_2018 import (
    accuracy_at_plain_rate,
    accuracy_by_rate,
    rate_over_batch,
    small_batches,
    speed_same_rate,
)
from reproductions.random_products import NEAR_ZERO, density
from reproductions.rate_accuracy import GPU, PAPER, SMALL, kind, small_batch
from reproductions.rate_ends import best, ends, matched

TEST = {"plain": 0.3, "batch_norm": 0.2, "final_batch_norm": 0.22, "skip_init": 0.24}


def rows(setting, train_error=0.0, steps=100.0):
    """A decade of the rate wins two points, and a smaller batch one."""
    made = []
    for arm in setting.arms:
        powers = str(arm.parameters.get("powers", "")).split(",")
        rates = [float(arm.parameters.get("learning_rate") or 2.0 ** int(p or 0)) for p in powers]
        own = TEST[kind(arm)] - 0.01 * small_batch(arm)
        test = [own - 0.02 * math.log10(rate) for rate in rates]
        series = {
            "learning_rate": rates,
            "test_error": test,
            "train_error": [train_error] * len(rates),
            "steps_to_target": [steps] * len(rates),
        }
        made.append(Row(arm, {"steps": 1500.0}, series, False))
    return Rows(tuple(made))


@pytest.mark.parametrize("setting", [SMALL, GPU, PAPER])
def test_at_every_scale_the_plain_network_meets_batch_norm_at_its_own_rate(setting):
    found = rows(setting)
    plain, same = matched(found)
    assert same.test - plain.test == pytest.approx(10)
    (rate,) = ends(found, "plain")
    assert rate == min(ends(found, "batch_norm"))
    assert best(found, "batch_norm").test > same.test
    assert accuracy_by_rate.points_per_decade(found) == pytest.approx(2)
    assert {small_batch(arm) for arm in setting.arms if kind(arm) == "batch_norm"} == {True, False}
    assert len({arm.name for arm in setting.arms}) == len(setting.arms)


def test_a_network_that_does_not_fit_decides_nothing():
    assert accuracy_by_rate.points_per_decade(rows(SMALL, train_error=0.06)) == UNDEFINED
    assert rate_over_batch.difference(rows(SMALL, train_error=0.06)) == UNDEFINED


@pytest.mark.parametrize("setting", [SMALL, GPU, PAPER])
def test_small_batches_are_compared_with_large_ones_rate_by_rate(setting):
    assert small_batches.gain(rows(setting)) == pytest.approx(1)
    assert rate_over_batch.difference(rows(setting)) == pytest.approx(1 - 2 * math.log10(4))


def test_a_target_that_is_never_reached_is_censored():
    assert speed_same_rate.times_faster(rows(SMALL)) == (0, 0)
    low, high = speed_same_rate.times_faster(rows(SMALL, steps=1501.0))
    assert (low, high) == (-math.inf, math.inf)


def test_the_gain_at_the_plain_rate_counts_against_half_of_the_best():
    effect = accuracy_at_plain_rate.half_the_gain_less_that_at_the_same_rate(rows(SMALL))
    gained = 2 * math.log10(2.0 / 2.0**-5)
    assert effect == pytest.approx((10 + gained) / 2 - 10)


@pytest.mark.parametrize("factors", [1, 3, 5])
def test_the_density_of_singular_values_has_mass_one_and_mean_square_one(factors):
    points = sorted(density(factors, points=20_000).items())
    assert points[0][0] > NEAR_ZERO
    assert points[-1][0] ** 2 == pytest.approx(
        (factors + 1) ** (factors + 1) / factors**factors, rel=1e-3
    )
    square = sum((b - a) * (a * a * u + b * b * v) / 2 for (a, u), (b, v) in pairwise(points))
    assert square == pytest.approx(1, abs=0.01)
