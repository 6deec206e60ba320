"""Steps and epochs until a run reaches a loss or an error, and the rates that claims look at."""

import math

import pytest

from bnref.evidence.claim import Arm, Row, Rows
from reproductions.beds import SWEEP
from reproductions.inception import LADDERS, Ladder, at_paper_rates, ladder
from reproductions.ioffe_szegedy_2015.dropout_speed import epochs_to
from reproductions.ioffe_szegedy_2015.generalisation_gap import at_training_loss, narrower
from reproductions.perceptrons import WINDOW, steps_to


def run(losses, diverged=False):
    steps = [4.0 * (i + 1) for i in range(len(losses))]
    return Row(Arm("a", {}), {}, {"step": steps, "loss": losses}, diverged)


def test_the_running_mean_has_to_get_there_and_not_one_point():
    one_low = [2.0] * WINDOW + [0.0] + [2.0] * WINDOW
    assert steps_to(run(one_low), 1.0) == (4.0 * len(one_low), math.inf)
    assert steps_to(run([2.0] * 5 + [0.5] * 5), 1.1) == (4.0 * 8, 4.0 * 8)


def test_a_run_above_the_loss_is_censored_and_a_diverged_one_never_arrives():
    assert steps_to(run([2.0] * 10), 1.0) == (40.0, math.inf)
    assert steps_to(run([], diverged=True), 1.0) == (math.inf, math.inf)


def test_a_run_reaches_its_own_end_but_not_a_loss_that_is_really_lower():
    losses = [3.0] * 5 + [1.1, 1.2, 1.3, 1.4, 1.5]
    end = sum(losses[-WINDOW:]) / WINDOW
    assert steps_to(run(losses), end * (1 - 1e-7)) == (40.0, 40.0)
    assert steps_to(run(losses), end * 0.999) == (40.0, math.inf)
    assert end == pytest.approx(1.3)


def epochs(norm="batch_norm", **series):
    count = len(next(iter(series.values())))
    series["epoch"] = [float(number) for number in range(1, count + 1)]
    return Row(Arm("a", {"norm": norm}), {"train_accuracy": 0.9}, series, False)


def test_an_error_is_reached_in_the_first_epoch_that_is_not_above_it():
    row = epochs(test_error=[0.5, 0.3, 0.4, 0.2])
    assert epochs_to(row, 0.3) == (2.0, 2.0)
    assert epochs_to(row, 0.25) == (4.0, 4.0)
    assert epochs_to(row, 0.1) == (4.0, math.inf)


def test_the_test_loss_at_a_training_loss_lies_between_its_epochs():
    row = epochs(train_loss=[1.0, 0.6, 0.4], test_loss=[1.1, 0.8, 0.7])
    assert at_training_loss(row, 0.5) == pytest.approx(0.75)
    assert at_training_loss(row, 0.6) == pytest.approx(0.8)
    assert at_training_loss(row, 2.0) == pytest.approx(1.1)
    assert at_training_loss(row, 0.3) is None


def test_gaps_are_compared_at_the_loss_that_small_batches_end_at():
    ghosts = epochs("bnref.lab.variants:ghosts_of_4", train_loss=[0.9, 0.5], test_loss=[1.0, 0.6])
    whole = epochs(train_loss=[0.9, 0.5, 0.2], test_loss=[1.2, 0.7, 0.9])
    assert narrower(Rows((whole, ghosts))) == pytest.approx(1.0)
    never = epochs(train_loss=[0.9, 0.6], test_loss=[1.2, 0.7])
    assert narrower(Rows((never, ghosts))) == (-math.inf, math.inf)


@pytest.mark.parametrize("scale", LADDERS)
def test_the_rates_are_those_of_the_scale_whose_arms_are_there(scale):
    small = Ladder(base=0.25, raised=1.0, target=1.0)
    above = at_paper_rates(SWEEP)[scale].arms
    assert ladder(Rows(tuple(Row(arm, {}, {}, False) for arm in above)), small) is LADDERS[scale]
    assert ladder(Rows(tuple(Row(arm, {}, {}, False) for arm in SWEEP.arms)), small) is small
    rates = [arm.parameters["learning_rate"] for arm in above]
    assert rates == pytest.approx([rates[0], rates[0], 5 * rates[0], 30 * rates[0]])
