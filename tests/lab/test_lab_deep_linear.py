"""The deep linear network: all rows or their moments, as one or one by one, and what G' is."""

import math

import pytest
import torch

from bnref.evidence.cell import Cell, pack
from bnref.lab.experiments import deep_linear

ARM = {
    "depth": 6,
    "width": 4,
    "rows": 60,
    "moments": False,
    "norm": "batch_norm",
    "learning_rate": 1e-4,
    "steps": 40,
    "probe_every": 5,
    "layers": "1,3",
    "pack": 2,
}


def run(**arm):
    cell = Cell(experiment="x", arm={**ARM, **arm}, seed=0, scale="small", device="cpu")
    return deep_linear.run_pack(pack(cell))


def same(found, expected, within):
    for one, other in zip(found, expected, strict=True):
        assert one.metrics == pytest.approx(other.metrics, rel=within, abs=within)
        for name, values in one.series.items():
            assert values == pytest.approx(other.series[name], rel=within, abs=within), name


@pytest.mark.parametrize("norm", ["batch_norm", "identity"])
def test_moments_take_the_place_of_all_rows(norm):
    same(run(norm=norm, moments=True), run(norm=norm), within=2e-3)


@pytest.mark.parametrize("norm", ["batch_norm", "identity", "bnref.lab.variants:l1_batch_norm"])
def test_a_pack_computes_what_autograd_computes_run_by_run(norm, monkeypatch):
    together = run(norm=norm)
    assert together[0].metrics["train_loss"] < 0.8 * together[0].metrics["first_loss"], "it learns"
    monkeypatch.setattr(deep_linear, "can_stack", lambda net: False)
    monkeypatch.setattr(deep_linear, "is_l1", lambda net: False)
    same(together, run(norm=norm), within=2e-3)


def test_other_normalisers_see_all_rows():
    found = run(norm="layer_norm", moments=True)
    same(found, run(norm="layer_norm", moments=False), within=0)
    assert len(found) == 2


def test_the_gradient_of_the_first_layer_does_not_shift_and_that_of_the_third_does():
    (found, _) = run()
    assert found.metrics["distance_1"] == 0, "nothing lies below the first layer"
    assert found.metrics["cosine_1"] == pytest.approx(1, abs=1e-6)
    assert found.metrics["distance_3"] > 0
    assert found.metrics["cosine_3"] < 1


def test_the_shift_is_the_definition():
    """By hand, without a normaliser: W_1 and W_2 from step 1, the rest and its gradient at step 0."""
    (found, _) = run(norm="identity", layers="3", steps=6, learning_rate=1e-3)
    cell = Cell(experiment="x", arm={**ARM, "pack": 1}, seed=0, scale="small", device="cpu")
    rows = deep_linear.data((cell,), moments=False)
    net = deep_linear.mlp("identity", 4, 4, 5, 4, "none", False)
    deep_linear.initialise(net, 0, gain=1.0)
    start = [p.detach().clone() for p in net.parameters()]

    def gradient(weights):
        weights = [w.clone().requires_grad_() for w in weights]
        y = torch.linalg.multi_dot([*reversed(weights), rows.x[0]])
        return torch.autograd.grad((y - rows.target[0]).square().sum(), weights)

    first = gradient(start)
    moved = [w - 1e-3 * g for w, g in zip(start, first, strict=True)]
    then = gradient([*moved[:2], *start[2:]])
    expected = torch.cosine_similarity(first[2].flatten(), then[2].flatten(), dim=0)
    assert found.series["cosine_3"][0] == pytest.approx(float(expected), abs=1e-5)


def test_the_landscape_is_the_definition_and_probing_moves_nothing():
    """By hand, without a normaliser, at step 5."""
    (found, _) = run(norm="identity")
    (rare, _) = run(norm="identity", probe_every=20)
    assert rare.metrics["train_loss"] == found.metrics["train_loss"], "a probe leaves the run alone"
    cell = Cell(experiment="x", arm={**ARM, "pack": 1}, seed=0, scale="small", device="cpu")
    rows = deep_linear.data((cell,), moments=False)
    net = deep_linear.mlp("identity", 4, 4, 5, 4, "none", False)
    deep_linear.initialise(net, 0, gain=1.0)
    weights = [p.detach().clone() for p in net.parameters()]

    def at(weights):
        weights = [w.clone().requires_grad_() for w in weights]
        y = torch.linalg.multi_dot([*reversed(weights), rows.x[0]])
        loss = (y - rows.target[0]).square().sum()
        return float(loss.detach()), torch.autograd.grad(loss, weights)

    def moved(weights, gradient, eta):
        return [w - eta * g for w, g in zip(weights, gradient, strict=True)]

    for _ in range(5):
        weights = moved(weights, at(weights)[1], 1e-4)
    _, here = at(weights)
    probes = [at(moved(weights, here, eta * 1e-4)) for eta in (0.01, 0.1, 1.0, 10.0, 30.0)]
    size = torch.cat([g.flatten() for g in here])
    changes = [
        float((torch.cat([g.flatten() for g in there]) - size).norm()) for _, there in probes
    ]
    losses = [loss for loss, _ in probes]
    assert found.series["loss_low"][1] == pytest.approx(min(losses), rel=1e-4)
    assert found.series["loss_high"][1] == pytest.approx(max(losses), rel=1e-4)
    assert found.series["spread"][1] == pytest.approx(
        math.log10(max(losses) / min(losses)), abs=1e-4
    )
    assert found.series["change"][1] == pytest.approx(max(changes), rel=1e-3)
    etas = (1e-6, 1e-5, 1e-4, 1e-3, 3e-3)
    beta = max(c / (eta * float(size.norm())) for c, eta in zip(changes, etas, strict=True))
    assert found.series["beta"][1] == pytest.approx(beta, rel=1e-2)


def test_a_probe_that_overflows_counts_as_a_large_number():
    cell = Cell(experiment="x", arm=ARM, seed=0, scale="small", device="cpu")
    rows, nets = deep_linear.data((cell,), False), [deep_linear.mlp("identity", 4, 4, 5, 4, "none")]
    stack, form = deep_linear.stacked(nets), deep_linear.TOGETHER
    _, gradient = form.gradient(stack, rows)
    found = deep_linear.along_gradient(form, stack, gradient, rows, rate=1e20)
    assert found.isfinite().all()
    assert float(found[1]) == deep_linear.OVERFLOW


def test_a_run_that_diverges_says_so_and_its_neighbours_stay_as_they_are():
    diverged = run(norm="identity", learning_rate=10.0)
    assert all(one.diverged and math.isfinite(one.metrics["steps"]) for one in diverged)
    assert not any(one.diverged for one in run(norm="identity"))
