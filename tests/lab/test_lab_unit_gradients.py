"""Gradients of units against theorem 4.1, and what an inserted batch norm changes."""

import pytest
import torch
from torch import nn

from bnref.evidence.cell import Cell
from bnref.lab.experiments import inserted_norm, landscape, unit_gradients
from bnref.lab.nets import convnet, initialise, mlp
from bnref.lab.randomness import generator


def cell(**arm):
    """Three layers of five units on digits, ten steps, probed every fifth."""
    shape = {
        "data": "digits",
        "pool": 1,
        "net": "mlp",
        "depth": 3,
        "width": 5,
        "norm": "batch_norm",
    }
    budget = {"learning_rate": 0.1, "batch_size": 40, "images": 400, "probe_every": 5}
    return Cell(experiment="x", arm={**shape, **budget, **arm}, seed=1, scale="small", device="cpu")


def net(norm="batch_norm"):
    found = mlp(norm, 6, 3, depth=3, width=5)
    initialise(found, 0)
    return found.double()


def small_convnet(norm="batch_norm"):
    found = convnet("convnet3", norm, 2, 3)
    initialise(found, 0)
    return found.double()


def batch(model):
    """Vectors or images, as the net takes them."""
    shape = (2, 8, 8) if isinstance(model[0], nn.Conv2d) else (6,)
    x = torch.randn(20, *shape, generator=generator(0, "x"), dtype=torch.float64)
    return x, torch.arange(20) % 3


def calm(model):
    """No eps, for identities that hold without it."""
    for bn in (layer for layer in model.modules() if hasattr(layer, "running_mean")):
        bn.eps = 1e-12
    return model


def unit_layers(model, x, y):
    found = unit_gradients.gradients(model, x, y)
    return [(layer, unit_gradients.of_layer(*layer)) for layer in found]


@pytest.mark.parametrize("make", [net, small_convnet])
def test_unit_gradients_obey_theorem_4_1(make):
    model = calm(make())
    layers = unit_layers(model, *batch(model))
    assert len(layers) == 3
    for (outputs, by_y, by_z, by_w), units in layers:
        m = outputs.shape[1]
        assert outputs.shape == by_y.shape == by_z.shape
        rest = 1 - (units.mean_share + units.yhat_share) / m
        expected = by_z.square().sum(1) * rest / outputs.var(1, correction=0)
        torch.testing.assert_close(units.by_y.square(), expected, rtol=1e-6, atol=1e-12)
        torch.testing.assert_close(units.by_w, by_w.norm(dim=1))
    assert layers[0][0][0].shape[1] == (320 if isinstance(model[0], nn.Conv2d) else 20), "N H W"


def test_unit_gradients_vanish_where_the_theory_says():
    model = calm(net())
    *inner, (_, last) = unit_layers(model, *batch(model))
    for _, units in inner:  # beta = 0: <dL/dz, z> sums to zero under the next batch norm
        assert float(units.along.sum().abs()) < 1e-6 * float(units.along.abs().sum())
    assert float(last.along.sum().abs()) > 1e-3 * float(last.along.abs().sum()), "no norm behind it"


def test_gradients_of_weights_are_those_of_the_net():
    model = net()
    x, y = batch(model)
    nn.functional.cross_entropy(model(x), y).backward()
    for (*_, by_w), linear in zip(
        unit_gradients.gradients(model, x, y), [model[1], model[4], model[7]], strict=True
    ):
        torch.testing.assert_close(by_w, linear.weight.grad)


def test_a_gradient_without_direction_has_shares_of_one_in_the_mean():
    draw = generator(0, "g")
    y, by_z = (torch.randn(4000, 64, generator=draw, dtype=torch.float64) for _ in range(2))
    found = unit_gradients.of_layer(y, by_z, by_z, by_z)
    assert float(found.mean_share.mean()) == pytest.approx(1, abs=0.1)
    assert float(found.yhat_share.mean()) == pytest.approx(1, abs=0.1)
    common = unit_gradients.of_layer(y, by_z, torch.ones_like(y), by_z)
    assert float(common.mean_share.min()) == pytest.approx(64), "all of it is the mean's"


def test_unit_gradients_compare_with_the_plain_twin():
    found = unit_gradients.run(cell())
    assert found == unit_gradients.run(cell())
    assert unit_gradients.run(cell(norm="identity")).metrics["smaller"] == 1, "its own twin: <="
    assert 0 < found.metrics["smaller"] < 1
    assert unit_gradients.run(cell(learning_rate=1e4)).diverged


@pytest.mark.parametrize("make", [net, small_convnet])
def test_an_inserted_norm_changes_no_output_and_shortens_the_last_gradients(make):
    plain, twin = make("identity"), calm(make("batch_norm"))
    x, y = batch(plain)
    assert inserted_norm.insert(plain, twin, x) < 1e-9
    ((outputs, *_), bare), (_, normed) = (unit_layers(one, x, y)[-1] for one in (plain, twin))
    rest = 1 - (normed.mean_share + normed.yhat_share) / outputs.shape[1]
    assert float(rest.min()) < 0.99
    torch.testing.assert_close(normed.by_y.square(), bare.by_y.square() * rest)


def test_inserted_norms_numbers_are_those_of_the_landscape_and_the_plain_net_trains():
    found = inserted_norm.run(cell())
    assert found == inserted_norm.run(cell())
    plain = landscape.run(cell(norm="identity"))
    for number in inserted_norm.NUMBERS:
        assert found.series[f"plain_{number}"] == plain.series[number]
        assert found.series[f"inserted_{number}"] != plain.series[number]
    assert found.metrics["train_accuracy"] == plain.metrics["train_accuracy"]
    assert found.metrics["error"] < 1e-4
