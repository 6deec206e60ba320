"""Deep linear networks: one factor by hand, where descent diverges, what batch norm does not see."""

import math

import pytest
import torch

from bnref.evidence.cell import Cell, Value
from bnref.lab.exact import draws
from bnref.lab.experiments.linear_depth import ROWS, outputs, run
from bnref.lab.experiments.random_products import orthogonal

ARM: dict[str, Value] = {
    "weights": "orthogonal",
    "width": 8,
    "factors": 1,
    "lowest": -3,
    "highest": 2,
    "steps": 30,
}


def cell(**arm: Value) -> Cell:
    return Cell(experiment="x", arm={**ARM, **arm}, seed=3, scale="small", device="cpu")


def test_one_factor_loses_its_error_by_one_minus_the_rate_at_every_step():
    """W - A shrinks by 1 - rate; half of |A|^2 is to be reached."""
    draw = draws(cell(), "deep linear network")
    target, start = orthogonal(draw, 8), orthogonal(draw, 8)
    far = float((start - target).square().sum()) / 8
    found = run(cell())
    by_rate = dict(zip(found.series["learning_rate"], found.series["needed"], strict=True))
    for rate in (0.125, 0.25, 0.5):
        expected = math.ceil(math.log(0.5 / far) / (2 * math.log(1 - rate)))
        assert by_rate[rate] == expected, f"rate {rate}"
    assert by_rate[1.0] == 1
    assert by_rate[4.0] == 31, "a rate above 2 diverges"
    assert found.metrics == {"largest_rate": 1.0, "steps": 1.0}


def test_a_run_that_never_gets_there_has_no_metrics():
    found = run(cell(weights="gaussian", factors=12, steps=2))
    assert found.diverged
    assert not found.metrics
    assert set(found.series["needed"]) == {3.0}


def test_batch_norm_does_not_see_the_scale_of_the_factor_before_it():
    draw = draws(cell(), "x")
    weights = [draw.normal(1, 8, 8) for _ in range(3)]
    x = draw.normal(8, 8 * ROWS)
    scaled = [100 * weights[0], *weights[1:]]
    for normalised in (True, False):
        a, b = (outputs(w, x, normalised) for w in (weights, scaled))
        assert torch.allclose(a, b, rtol=0, atol=1e-2) == normalised
    assert torch.allclose(outputs(weights, x, False)[0], weights[2] @ weights[1] @ weights[0] @ x)


def test_depth_slows_gaussian_factors_and_not_orthogonal_ones():
    gaussian, orthogonal_ = (
        run(cell(weights=weights, factors=8, lowest=-6, steps=100)).metrics
        for weights in ("gaussian", "orthogonal")
    )
    assert gaussian.get("steps", math.inf) > 3 * orthogonal_["steps"]


@pytest.mark.parametrize("weights", ["gaussian", "orthogonal", "normalised"])
def test_the_same_cell_gives_the_same_numbers(weights):
    arm: dict[str, Value] = {"weights": weights, "factors": 3}
    assert run(cell(**arm)) == run(cell(**arm))
