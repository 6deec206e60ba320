"""Spectra of random products: known moments and edges, and an orthogonal control."""

import math

import pytest

from bnref.evidence.cell import Cell, Value
from bnref.lab.experiments.random_products import run


def cell(**arm: Value) -> Cell:
    return Cell(experiment="x", arm=arm, seed=3, scale="small", device="cpu")


def test_one_gaussian_matrix_follows_the_quarter_circle_law():
    found = run(cell(weights="gaussian", width=200, factors=1)).metrics
    assert found["participation"] == pytest.approx(1 / 2, abs=0.03)
    assert found["largest"] == pytest.approx(2, abs=0.1)
    assert found["small_share"] == pytest.approx(0.1 / math.pi * 2, abs=0.02)


def test_three_follow_another():
    assert run(cell(weights="gaussian", width=200, factors=3)).metrics["participation"] < 0.3


def test_orthogonal_matrices_keep_the_condition_number():
    found = run(cell(weights="orthogonal", width=16, factors=5))
    assert max(found.series["condition"]) < 1e-12
    assert found.metrics["participation"] == pytest.approx(1)


def test_the_same_cell_gives_the_same_numbers():
    arm: dict[str, Value] = {"weights": "gaussian", "width": 8, "factors": 3}
    assert run(cell(**arm)) == run(cell(**arm))
