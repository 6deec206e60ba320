"""Accuracy along the way, of runs trained as one and of the same runs trained in turn."""

import pytest

from bnref.evidence.cell import Cell, pack
from bnref.lab import together
from bnref.lab.experiments import learning_curve

ARM = {
    "data": "digits",
    "pool": 1,
    "depth": 2,
    "width": 20,
    "activation": "sigmoid",
    "norm": "batch_norm",
    "std": None,
    "learning_rate": 1.0,
    "batch_size": 30,
    "images": 3600,
    "look_every": 20,
    "pack": 4,
}


def run(seed=0, **arm):
    cell = Cell(experiment="x", arm={**ARM, **arm}, seed=seed, scale="small", device="cpu")
    return learning_curve.run_pack(pack(cell))


@pytest.mark.parametrize("norm", ["batch_norm", "identity"])
def test_a_pack_learns_as_its_runs_do_in_turn(norm, monkeypatch):
    as_one = run(norm=norm)
    assert as_one == run(norm=norm), "a function of the pack alone, bit for bit"
    monkeypatch.setattr(together, "can_stack", lambda net: False)
    for one, alone in zip(as_one, run(norm=norm), strict=True):
        assert one.series["step"] == alone.series["step"] == [20, 40, 60, 80, 100, 120]
        assert one.metrics["train_loss"] == pytest.approx(alone.metrics["train_loss"], rel=1e-3)
        assert one.series["accuracy"] == pytest.approx(alone.series["accuracy"], abs=0.01)
    assert len({one.metrics["mean_accuracy"] for one in as_one}) > 1, "seeds are other runs"


def test_a_network_that_no_stack_holds_is_trained_in_turn():
    found = run(norm="layer_norm", images=600)
    assert len(found) == 4
    assert found[0].series["step"] == [20]


def test_accuracy_is_chance_from_divergence_on(monkeypatch):
    broken = run(learning_rate=1e30, norm="identity")
    monkeypatch.setattr(together, "can_stack", lambda net: False)
    for found in (*broken, *run(learning_rate=1e30, norm="identity")):
        assert found.diverged
        assert found.series["accuracy"][-1] == 0.1
        assert found.metrics["final_accuracy"] == pytest.approx(0.1)
