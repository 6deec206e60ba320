"""Errors on few training images and on the test images, both in evaluation mode."""

import pytest

from bnref.evidence.cell import Cell
from bnref.lab.experiments import generalisation

ARM = {
    "data": "digits",
    "pool": 1,
    "net": "mlp",
    "depth": 1,
    "width": 32,
    "norm": "batch_norm",
    "learning_rate": 0.5,
    "batch_size": 16,
    "train_images": 32,
    "images": 3200,
}


def measured(seed=0, **changed):
    arm = {**ARM, **changed}
    return generalisation.run(
        Cell(experiment="bnref.lab.experiments.generalisation", arm=arm, seed=seed,
             scale="small", device="cpu")
    )  # fmt: skip


def test_few_images_are_learnt_by_heart_and_the_rest_is_not():
    found = measured().metrics
    assert found["train_error"] == 0, "expected 32 images to be fitted in 100 epochs"
    assert 0.1 < found["test_error"] < 0.6, "expected 32 images to say something, not all"


def test_the_logged_error_falls_from_chance_to_what_the_images_leave():
    series = measured().series
    assert series["step"][-1] == 200, "3,200 images in batches of 16"
    assert series["training_error"][0] > 20 > 5 > series["training_error"][-1], "in percent"


def test_more_images_narrow_the_gap():
    few, many = measured().metrics, measured(train_images=1000, images=10000).metrics
    assert many["test_error"] - many["train_error"] < few["test_error"] - few["train_error"]


def test_the_same_cell_gives_the_same_numbers():
    assert measured(seed=3) == measured(seed=3)
    assert measured(seed=3) != measured(seed=5)


def test_a_diverged_run_is_at_chance():
    found = measured(learning_rate=1e6, norm="identity")
    assert found.diverged
    assert found.metrics == pytest.approx({"train_error": 0.9, "test_error": 0.9})
