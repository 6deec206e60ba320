"""Nets start alike in every arm, training is a function of the cell, evaluation restores."""

import math

import pytest
import torch
from torch import nn

from bnref.evidence.cell import Cell
from bnref.lab.data import Split
from bnref.lab.experiments import classify, landscape
from bnref.lab.nets import CONVOLUTIONS, convnet, initialise, mlp
from bnref.lab.randomness import generator
from bnref.lab.training import batches, errors, reestimate, train

ARM = {
    "data": "digits",
    "pool": 1,
    "net": "convnet3",
    "norm": "batch_norm",
    "learning_rate": 0.1,
    "batch_size": 32,
    "images": 320,
    "reestimate": True,
}


def cell(seed=1, **arm):
    return Cell(
        experiment="bnref.lab.experiments.classify",
        arm={**ARM, **arm},
        seed=seed,
        scale="small",
        device="cpu",
    )


@pytest.mark.parametrize("plan", CONVOLUTIONS)
def test_arms_share_weights_where_shapes_agree(plan):
    nets = [convnet(plan, norm, 1, 10) for norm in ("batch_norm", "group_norm", "identity")]
    for net in nets:
        initialise(net, seed=3)
    layers = [[m.weight for m in net if isinstance(m, nn.Conv2d | nn.Linear)] for net in nets]
    for index, (first, *others) in enumerate(zip(*layers, strict=True)):
        for other in others:
            assert torch.equal(first, other), f"layer {index} starts with other weights in an arm"


def test_he_initialisation_keeps_the_signal_through_seven_layers():
    net = mlp("identity", 256, 10, depth=7, width=256)
    initialise(net, seed=0)
    x = torch.randn(256, 256, generator=generator(0, "input"))
    size = float(net[:-1](x).detach().pow(2).mean())
    assert 0.25 < size < 4, f"second moment {size} after seven ReLU layers, He keeps it near 1"


def test_only_layers_without_their_own_shift_get_a_bias():
    for norm, expected in (("batch_norm", False), ("group_norm", False), ("identity", True)):
        found = convnet("convnet3", norm, 1, 10)[0].bias is not None
        assert found == expected, f"{norm}: convolution bias {found}, expected {expected}"


def test_batches_cover_each_epoch_once_and_depend_on_the_order():
    split = Split(torch.zeros(10, 1), torch.arange(10))
    seen = torch.cat(list(batches(split, 3, 6, generator(0, "order"))))
    assert sorted(seen[:9].tolist()) == sorted(set(seen[:9].tolist())), "an epoch repeats no image"
    other = torch.cat(list(batches(split, 3, 6, generator(0, "another"))))
    assert not torch.equal(seen, other), "another order must shuffle differently"
    with pytest.raises(ValueError, match="batch_size 11 exceeds the 10 training images"):
        next(batches(split, 11, 1, generator(0, "order")))


def test_same_cell_same_bits_whatever_the_global_generator_did():
    first = classify.run(cell())
    torch.manual_seed(12345)
    torch.rand(7)
    second = classify.run(cell())
    assert first == second, "a cell's metrics are a function of the cell alone"
    assert classify.run(cell(seed=2)).metrics != first.metrics, "another seed is another run"


def test_a_diverging_run_is_a_record_at_chance():
    found = classify.run(cell(norm="identity", learning_rate=1e4))
    assert found.diverged
    assert found.metrics["test_errors"] == round(found.metrics["test_images"] * 0.9)
    assert all(math.isfinite(value) for value in found.metrics.values())


def test_corruption_changes_exactly_its_share_of_test_labels():
    clean, corrupted = classify.run(cell()), classify.run(cell(corrupted=0.5))
    images = clean.metrics["test_images"]
    wrong, right = clean.metrics["test_errors"], images - clean.metrics["test_errors"]
    difference = corrupted.metrics["test_errors"] - wrong
    expected = 0.5 * (right - wrong / 9)
    assert abs(difference - expected) < 0.1 * images, f"{difference}, expected about {expected}"


def test_momentum_reaches_the_layers_and_changes_evaluation_only():
    fast, slow, average = (classify.run(cell(momentum=m)) for m in (0.1, 0.001, None))
    assert fast.metrics["train_loss"] == slow.metrics["train_loss"] == average.metrics["train_loss"]
    assert slow.metrics["test_errors"] > fast.metrics["test_errors"], (
        "10 steps leave 99 % of the start"
    )
    found = {run.metrics["test_errors_reestimated"] for run in (fast, slow, average)}
    assert len(found) == 1, "re-estimated statistics forget the momentum"


def test_errors_and_reestimate_restore_mode_and_momentum_even_on_failure():
    net = convnet("convnet3", "batch_norm", 1, 10)
    split = Split(torch.randn(40, 1, 8, 8), torch.zeros(40, dtype=torch.long))
    net.train()
    errors(net, split)
    assert net.training, "errors() must restore the training mode"
    with pytest.raises(RuntimeError):
        reestimate(net.eval(), torch.randn(40, 3, 8, 8), 20)
    assert not net.training, "reestimate() must restore the mode after a failure"
    assert net[1].momentum == 0.1, "reestimate() must restore the momentum after a failure"


def test_reestimated_statistics_are_those_of_the_data():
    net = nn.Sequential(*convnet("convnet3", "batch_norm", 1, 10)[:2])
    images = torch.randn(60, 1, 8, 8)
    assert reestimate(net, images, 20)
    expected = net[0](images).mean((0, 2, 3))
    torch.testing.assert_close(net[1].running_mean, expected, rtol=1e-4, atol=1e-5)


def quadratic(size=6):
    """A linear net with two logits whose loss is smooth, and a batch."""
    net = nn.Sequential(nn.Linear(size, 2))
    initialise(net, seed=0)
    return net, torch.randn(8, size, generator=generator(1, "x")), torch.tensor([0, 1] * 4)


def test_landscape_probe_leaves_the_net_as_it_was():
    net = convnet("convnet3", "batch_norm", 1, 10)
    initialise(net, 0)
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    images, labels = torch.randn(16, 1, 8, 8), torch.arange(16) % 10
    landscape.along_gradient(net, images, labels, 0.1)
    for name, tensor in net.state_dict().items():
        assert torch.equal(tensor, before[name]), f"the probe changed {name}"


def test_landscape_numbers_are_the_definitions():
    net, images, labels = quadratic()
    found = landscape.along_gradient(net, images, labels, 0.1)
    loss = nn.functional.cross_entropy
    here = torch.autograd.grad(loss(net(images), labels), list(net.parameters()))
    losses, changes = [], []
    for step in landscape.STEP_GRID:
        moved = [p.detach() - step * 0.1 * g for p, g in zip(net.parameters(), here, strict=True)]
        weight, bias = (tensor.requires_grad_() for tensor in moved)
        there = loss(nn.functional.linear(images, weight, bias), labels)
        gradients = torch.autograd.grad(there, [weight, bias])
        losses.append(float(there.detach()))
        squares = [(a - b).pow(2).sum() for a, b in zip(here, gradients, strict=True)]
        changes.append(float(sum(squares).sqrt()))
    norm = float(sum(g.pow(2).sum() for g in here).sqrt())
    beta = max(p / (s * 0.1 * norm) for p, s in zip(changes, landscape.STEP_GRID, strict=True))
    assert found["loss_width"] == pytest.approx(max(losses) - min(losses), rel=1e-4)
    assert found["predictiveness"] == pytest.approx(changes[-1], rel=1e-4)
    assert found["beta"] == pytest.approx(beta, rel=1e-4)
    ends = [min(losses), max(losses), min(changes), max(changes), norm, *changes]
    names = ["loss_low", "loss_high", "change_low", "change_high", "gradient_norm"]
    names += [f"change_{number}" for number in (1, 2, 3, 4)]
    assert [found[name] for name in names] == pytest.approx(ends, rel=1e-4)


def test_relative_probes_move_every_tensor_in_proportion_to_it():
    """Ten times the weights and a tenth of the input: the same function, which relative probes see."""
    net, images, labels = quadratic()
    with torch.no_grad():
        net[0].bias.fill_(0.3)
    small = landscape.along_gradient(net, images, labels, 0.1, relative=True)
    with torch.no_grad():
        net[0].weight.mul_(10)
    large = landscape.along_gradient(net, images / 10, labels, 0.7, relative=True)
    for name in ("loss_width", "loss_low", "loss_high"):
        assert large[name] == pytest.approx(small[name], rel=1e-3), name
    absolute = [landscape.along_gradient(net, images / s, labels, 0.1) for s in (1, 10)]
    assert absolute[0]["loss_width"] > 2 * absolute[1]["loss_width"]
    assert small["loss_width"] > 1e-3


def test_landscape_probe_survives_overflow():
    net, images, labels = quadratic()
    found = landscape.along_gradient(net, images * 1e30, labels, 1e6)
    assert all(math.isfinite(value) for value in found.values()), found


def test_training_learns_digits():
    from_scratch = classify.run(cell(images=4000)).metrics
    assert from_scratch["test_errors"] < 0.25 * from_scratch["test_images"], from_scratch


def test_a_probe_does_not_change_training():
    split = Split(torch.randn(64, 1, 8, 8, generator=generator(0, "i")), torch.arange(64) % 10)
    losses = []
    for probe in (None, lambda step, images, labels: None):
        net = convnet("convnet3", "batch_norm", 1, 10)
        initialise(net, 0)
        run = train(net, split, learning_rate=0.1, batch_size=16, steps=8, seed=0, probe=probe)
        losses.append(run.losses)
    assert torch.equal(*losses)
