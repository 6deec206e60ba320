"""Networks at several rates side by side, and one at a time: copies are apart, chance, steps to a target."""

import pytest
import torch

from bnref.evidence.cell import Cell, Value
from bnref.lab.experiments import accuracy_by_rate, deep_accuracy

ARM: dict[str, Value] = {
    "data": "digits",
    "pool": 1,
    "form": "plain",
    "depth": 2,
    "width": 8,
    "batch_size": 32,
    "train_images": 100,
    "steps": 40,
    "powers": "-4,-2",
}
DEEP: dict[str, Value] = {
    "net": "residual_mlp",
    "norm": "batch_norm",
    "where": "every",
    "blocks": 1,
    "learning_rate": 0.25,
}


def cell(**arm: Value) -> Cell:
    return Cell(experiment="x", arm={**ARM, **arm}, seed=3, scale="small", device="cpu")


def test_a_copy_does_not_depend_on_what_trains_beside_it():
    both = accuracy_by_rate.run(cell()).series
    alone = accuracy_by_rate.run(cell(powers="-2")).series
    assert both["learning_rate"] == [1 / 16, 1 / 4]
    for name in ("train_error", "test_error", "steps_to_target"):
        assert both[name][1:] == pytest.approx(alone[name], abs=0.02)
    assert both["validation_accuracy_0.25"] == pytest.approx(
        alone["validation_accuracy_0.25"], abs=0.02
    )
    assert len(both["epoch"]) == accuracy_by_rate.LOOKS
    assert both["epoch"][-1] == pytest.approx(32 * 40 / 100)


def test_a_rate_that_diverges_counts_as_chance_and_the_other_stands():
    found = accuracy_by_rate.run(cell(powers="-4,60"))
    assert not found.diverged
    assert found.series["test_error"][1] == pytest.approx(0.9, abs=1e-6)
    assert found.series["test_error"][0] < 0.8
    assert found.series["steps_to_target"][1] == 41
    assert accuracy_by_rate.run(cell(powers="60")).diverged


def test_steps_to_a_target_are_those_of_a_running_mean():
    rising = torch.cat([torch.zeros(30), torch.ones(30)])
    assert accuracy_by_rate.steps_to(0.5, rising) == 40
    assert accuracy_by_rate.steps_to(1.0, rising) == 50
    assert accuracy_by_rate.steps_to(0.5, torch.zeros(30)) == 31
    assert accuracy_by_rate.steps_to(0.5, torch.ones(2)) == 2


def test_one_at_a_time_has_the_same_series():
    found = deep_accuracy.run(cell(**DEEP))
    beside = accuracy_by_rate.run(cell(powers="-2"))
    assert set(found.series) == set(beside.series)
    assert found.series["test_error"][0] < 0.8
    assert found == deep_accuracy.run(cell(**DEEP))
    wild = deep_accuracy.run(cell(**{**DEEP, "norm": "identity", "learning_rate": 1e6}))
    assert wild.diverged
    assert wild.series["test_error"] == [pytest.approx(0.9)]
    assert wild.series["steps_to_target"] == [41]
