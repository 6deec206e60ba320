"""The papers' networks in other forms, and what is measured by epoch, by layer and at the start."""

import math
from itertools import pairwise

import pytest
import torch
from torch import nn

from bnref.evidence.cell import Cell
from bnref.lab.altered import network, normalise_after
from bnref.lab.data import Data, Split, load
from bnref.lab.experiments import by_epoch, hidden_layers, layer_gradients, layer_shapes, perceptron
from bnref.lab.papers.catalogue import paper_net
from bnref.lab.perceptrons import Dropout
from bnref.lab.randomness import generator

ARM = {
    "data": "digits", "pool": 1, "depth": 2, "width": 16, "norm": "batch_norm", "activation": "relu",
    "learning_rate": 0.1, "batch_size": 20, "train_images": 200, "images": 400, "probe_images": 100,
}  # fmt: skip


def cell(**arm):
    return Cell(experiment="none", arm={**ARM, **arm}, seed=1, scale="small", device="cpu")


def built(**arm):
    some = Split(torch.zeros(4, 3, 32, 32), torch.arange(4))
    return network(cell(**arm), Data(some, some, some, 10, ""))


def kinds(net):
    """Pairs of neighbours of one chain by their kinds."""
    chains = [m for m in net.modules() if isinstance(m, nn.Sequential)]
    return {(type(a).__name__, type(b).__name__) for c in chains for a, b in pairwise(c)}


def test_without_a_network_of_the_papers_it_is_the_perceptron():
    assert sum(isinstance(m, nn.Linear) for m in built().modules()) == 3


def test_sigmoids_stand_for_all_activations():
    modules = [type(m) for m in built(net="resnet20", activation="sigmoid").modules()]
    assert nn.ReLU not in modules
    assert modules.count(nn.Sigmoid) == 19


def test_behind_the_activation_every_convolution_brings_a_bias():
    with torch.device("meta"):
        net = paper_net("vgg16", "batch_norm", 10)
        before = kinds(net)
        normalise_after(net)
    assert ("Conv2d", "BatchNorm") in before
    assert ("Conv2d", "BatchNorm") not in kinds(net)
    assert {("Conv2d", "ReLU"), ("ReLU", "BatchNorm")} <= kinds(net)
    assert all(m.bias is not None for m in net.modules() if isinstance(m, nn.Conv2d))


def test_dropout_is_of_the_classifiers_inputs_alone():
    net = built(net="resnet20", dropout=0.4)
    assert [isinstance(m, Dropout) for m in net][-3:] == [False, True, False]
    assert sum(isinstance(m, Dropout) for m in net.modules()) == 1


def test_looking_after_each_epoch_changes_nothing():
    """Two epochs later it is the network that `perceptron` trains without looking."""
    looked, unseen = by_epoch.run(cell()), perceptron.run(cell())
    assert looked.metrics["test_error"] == unseen.metrics["test_error"]
    assert looked.metrics["train_accuracy"] == unseen.metrics["train_accuracy"]
    assert looked.series["epoch"] == [1.0, 2.0]
    assert looked.series["train_loss"][1] < looked.series["train_loss"][0]


def test_a_look_leaves_statistics_and_mode_as_they_were():
    data = load("digits", "cpu")
    net = network(cell(), data).train()
    net(data.train.images[:20])
    before = [buffer.clone() for buffer in net.buffers()]
    by_epoch.looked(net, data.train, data.test, 20)
    assert all(torch.equal(a, b) for a, b in zip(before, net.buffers(), strict=True))
    assert net.training


def test_batches_of_test_images_normalise_themselves():
    split = Split(
        torch.randn(64, 3, generator=generator(0, "x")), torch.zeros(64, dtype=torch.long)
    )
    net = nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 2)).train()
    loss, error = by_epoch.scores(net, split, 32)
    moved, same = by_epoch.scores(net, Split(5 * split.images + 1, split.labels), 32)
    assert (moved, same) == (pytest.approx(loss, rel=1e-4), error)
    assert by_epoch.scores(net.eval(), Split(5 * split.images + 1, split.labels), 32)[0] != moved


def test_shapes_of_a_perceptron_are_those_of_its_hidden_layers():
    data = load("digits", "cpu")
    net, images = network(cell(depth=3), data), data.validation.images[:100]
    settled = hidden_layers.settled(net, images)
    expected = hidden_layers.shapes(hidden_layers.layers(settled, images))
    found = layer_shapes.shapes(settled, images)
    assert found == pytest.approx(expected, rel=0.02), "a mean over layers, not over units"


def test_a_convolution_sees_a_channel_at_every_position():
    x = torch.arange(24.0).view(2, 3, 2, 2)
    assert layer_shapes.units(x).shape == (8, 3)
    assert layer_shapes.units(x)[:, 1].tolist() == x[:, 1].flatten().tolist()


@pytest.mark.parametrize(
    ("norm", "growth"), [("batch_norm", math.pi / (math.pi - 1)), ("identity", 1)]
)
def test_gradients_grow_by_the_law(norm, growth):
    arm = {"norm": norm, "depth": 8, "width": 128, "batch_size": 256, "networks": 2}
    found = layer_gradients.run(cell(**arm))
    assert found.metrics["growth"] == pytest.approx(math.log(growth) / 2, abs=0.03)
    assert len(found.series["gradient"]) == 8
