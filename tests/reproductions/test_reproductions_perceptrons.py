"""Steps until a run reaches a loss."""

import math

import pytest

from bnref.evidence.claim import Arm, Row
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
