"""The whole pipeline has no favourite arm: identical arms with other shuffles win equally often."""

import pytest

from bnref.evidence.cell import Cell
from bnref.lab.experiments import classify

PAIRS = 1000
TINY = {
    "data": "digits",
    "pool": 2,
    "net": "mlp",
    "depth": 1,
    "width": 8,
    "norm": "identity",
    "batch_size": 20,
    "images": 200,
    "learning_rate": 0.1,
}


def loss(seed: int, order: str) -> float:
    arm = {**TINY, "order": order}
    cell = Cell(experiment="classify", arm=arm, seed=seed, scale="small", device="cpu")
    return classify.run(cell).metrics["train_loss"]


@pytest.mark.slow
def test_identical_arms_win_470_to_530_of_1000_pairs():
    pairs = [(loss(seed, "a"), loss(seed, "b")) for seed in range(1000, 1000 + PAIRS)]
    assert all(a != b for a, b in pairs), "the losses of two shuffles must not tie"
    wins = sum(a < b for a, b in pairs)
    assert 470 <= wins <= 530, f"the first of two identical arms won {wins} of {PAIRS}"
