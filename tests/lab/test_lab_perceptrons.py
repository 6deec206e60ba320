"""Perceptrons, what is counted on few images, and what is seen in their hidden layers."""

import math

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from bnref.evidence.cell import Cell
from bnref.lab.data import Split, load
from bnref.lab.experiments import hidden_layers, perceptron
from bnref.lab.perceptrons import Dropout
from bnref.lab.perceptrons import perceptron as build
from bnref.lab.randomness import generator

ARM = {
    "data": "digits",
    "pool": 1,
    "depth": 3,
    "width": 16,
    "norm": "batch_norm",
    "activation": "sigmoid",
    "learning_rate": 1.0,
    "batch_size": 20,
    "train_images": 200,
    "images": 400,
    "probe_every": 5,
    "probe_images": 100,
}


def cell(seed=1, **arm):
    return Cell(experiment="none", arm={**ARM, **arm}, seed=seed, scale="small", device="cpu")


def net(**arm):
    return build(cell(**arm), load("digits", "cpu"))


@pytest.mark.parametrize("experiment", [perceptron, hidden_layers])
def test_same_cell_same_bits(experiment):
    first = experiment.run(cell(dropout=0.2))
    torch.manual_seed(12345)
    assert experiment.run(cell(dropout=0.2)) == first
    assert experiment.run(cell(seed=2, dropout=0.2)).metrics != first.metrics
    assert all(math.isfinite(value) for value in first.metrics.values())


@pytest.mark.parametrize("experiment", [perceptron, hidden_layers])
def test_a_diverging_run_is_a_record(experiment):
    found = experiment.run(cell(norm="identity", activation="relu", learning_rate=1e5))
    assert found.diverged
    assert found.metrics.get("test_error", 0.9) == pytest.approx(0.9)
    assert all(math.isfinite(value) for value in found.metrics.values())


def test_the_normaliser_stands_where_the_arm_says():
    def kinds(**arm):
        return [type(module).__name__ for module in net(depth=1, **arm)]

    assert kinds() == ["Flatten", "Linear", "BatchNorm", "Sigmoid", "Linear"]
    assert kinds(place="after") == ["Flatten", "Linear", "Sigmoid", "BatchNorm", "Linear"]
    assert net(place="after")[1].bias is not None, "no shift stands before this activation"
    assert net()[1].bias is None


def test_scale_multiplies_the_hidden_weights_alone():
    one, ten = net(), net(scale=10.0)
    torch.testing.assert_close(ten[1].weight, 10 * one[1].weight)
    assert torch.equal(ten[-1].weight, one[-1].weight)


def test_dropout_keeps_the_mean_and_sleeps_in_evaluation():
    layer, x = Dropout(0.4, generator(0, "dropout")), torch.ones(400, 50)
    assert float(layer(x).mean()) == pytest.approx(1, abs=0.02)
    assert layer(x).unique().tolist() == pytest.approx([0, 1 / 0.6])
    assert torch.equal(layer.eval()(x), x)


def test_kept_mates_are_always_the_same_and_the_loss_is_that_of_the_batch():
    split = Split(torch.randn(21, 1, 2, 2), torch.arange(21) % 3)
    batches = perceptron.composed(split, 5, seed=0)
    assert batches.labels.shape == (4, 5)
    assert torch.equal(batches.labels, perceptron.composed(split, 5, seed=0).labels)
    third = torch.tensor([2])
    images = batches.images[third]
    assert images.shape == (1, 5, 1, 2, 2)
    for image, label in zip(images[0], batches.labels[2], strict=True):
        (number,) = (split.images == image).flatten(1).all(1).nonzero().flatten().tolist()
        assert split.labels[number] == label
    plain = nn.Sequential(nn.Flatten(), nn.Linear(4, 3))
    logits = perceptron.Batchwise(plain)(images)
    assert logits.shape == (1, 3, 5)
    expected = cross_entropy(plain(images[0]), batches.labels[2])
    torch.testing.assert_close(cross_entropy(logits, batches.labels[third]), expected)


def test_kept_mates_train_otherwise_than_new_ones():
    kept, new = (perceptron.run(cell(mates=mates)).metrics for mates in ("kept", None))
    assert kept["first_loss"] != new["first_loss"]
    assert kept["train_loss"] < kept["first_loss"]


def test_stopped_statistics_make_the_weights_grow_faster():
    arm = {"activation": "relu", "images": 2000, "learning_rate": 0.3}
    true, stopped = (
        perceptron.run(cell(norm=norm, **arm)).metrics["growth"]
        for norm in ("batch_norm", "stop_gradient_batch_norm")
    )
    assert stopped > true > 0


def test_drift_is_zero_for_units_that_only_change_their_spread():
    still = torch.tensor([-1.0, 0.0, 1.0])[None, :, None] * torch.tensor([1.0, 3.0])[:, None, None]
    found = hidden_layers.drift(still.repeat(2, 1, 1))
    assert found == {"drift": 0.0, "late_drift": 0.0, "excursion": 0.0, "spread": 3.0}


def test_late_drift_is_of_the_second_half_alone():
    unit = torch.tensor([-1.0, 0.0, 1.0])[None, :, None]
    moving = unit + torch.tensor([0.0, 2.0, 2.0, 3.0])[:, None, None]
    found = hidden_layers.drift(moving)
    assert found["drift"] == pytest.approx((2 + 0 + 1) / 3 / 2)
    assert found["late_drift"] == pytest.approx((0 + 1) / 2 / 2)
    assert found["excursion"] == pytest.approx(3 / 2)
    assert hidden_layers.drift(moving[:2])["late_drift"] == pytest.approx(1), "two probes: both"


def test_shapes_tell_a_gaussian_from_its_rectification():
    x = torch.randn(20000, 3, generator=generator(0, "shapes"))
    found = hidden_layers.shapes([(x, x, x.relu()), (x, x, x)])
    assert found["skew_products"] < 0.1
    assert found["kurtosis_products"] < 0.2
    assert found["skew_inputs"] > 1
    assert found["sparse_inputs"] > 0.5 > found["sparse_products"]


def test_jacobians_are_the_closed_form():
    """diag(1/s) W diag(g'(y) gamma), s the standard deviation that the layer divides by."""
    start, images = net(depth=2), load("digits", "cpu").validation.images[:100]
    with torch.no_grad():
        start[2].weight.uniform_(0.5, 2, generator=generator(0, "gamma"))
        start[5].weight.uniform_(0.5, 2, generator=generator(1, "gamma"))
    settled = hidden_layers.settled(start, images)
    (found,) = hidden_layers.jacobians(settled, images)
    (_, _, u), _ = hidden_layers.layers(settled, images)
    slope = (u * (1 - u))[: len(found)] * settled[2].weight
    s = (settled[5].running_var + settled[5].eps).sqrt()
    expected = settled[4].weight / s[:, None] * slope[:, None, :]
    torch.testing.assert_close(found, expected.detach(), rtol=1e-3, atol=1e-5)


def test_looking_does_not_change_training():
    often, seldom = (hidden_layers.run(cell(probe_every=every)).metrics for every in (1, 20))
    assert often["train_accuracy"] == seldom["train_accuracy"]
    assert often["distance_end"] == seldom["distance_end"]
