"""Residual networks side by side: their starts are what they say, and copies keep apart."""

import math

import pytest
import torch

from bnref.evidence.cell import Cell, Value
from bnref.lab.dropout import Dropout
from bnref.lab.experiments import residual_rates, residual_variance
from bnref.lab.randomness import generator
from bnref.lab.residual import FORMS, Blocks, Network, Normalise
from bnref.norms.ghost_batch_norm import GhostBatchNorm

SMALL = {"depth": 3, "width": 8, "copies": 2, "seed": 3}


def drawn(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=generator(3, "test"))


def cell(experiment: str, seed: int = 3, **arm: Value) -> Cell:
    return Cell(experiment=experiment, arm=arm, seed=seed, scale="small", device="cpu")


def rates(seed: int = 3, **arm: Value) -> Cell:
    fixed = {"data": "fashion_mnist_10k", "pool": 4, "depth": 2, "width": 8, "batch_size": 16}
    return cell(
        "residual_rates", seed, **{**fixed, "images": 96, "lowest": -4, "highest": 2, **arm}
    )


def start(form: str, **arm: Value) -> Cell:
    fixed = {"linear": False, "depth": 8, "width": 64, "batch_size": 64, "networks": 4}
    return cell("residual_variance", 3, **{**fixed, "form": form, **arm})


@pytest.mark.parametrize("layers", [1, 2])
def test_skip_init_at_zero_is_the_identity_and_moves_alpha_alone(layers):
    blocks = Blocks(FORMS["skip_init_0"], layers=layers, **SMALL)
    x = drawn(2, 8, 5)
    y = blocks(x)
    y.square().sum().backward()
    assert torch.equal(x, y)
    assert not blocks.weights.grad.any()
    assert blocks.alphas.grad.all()


def test_a_branch_with_batch_norm_ignores_the_scale_of_the_stream():
    blocks = Blocks(FORMS["batch_norm"], **SMALL)
    x = 10 * drawn(2, 8, 64)
    branch, scaled = (next(blocks.streams(scale * x))[1] for scale in (1, 7))
    assert torch.allclose(branch, scaled, atol=1e-4)
    plain = Blocks(FORMS["plain"], **SMALL)
    assert torch.allclose(7 * next(plain.streams(x))[1], next(plain.streams(7 * x))[1], atol=1e-3)
    assert not torch.allclose(next(plain.streams(x))[1], next(plain.streams(7 * x))[1], atol=1e-3)


def test_every_form_normalises_where_it_says():
    x = drawn(6, 4)
    for name, form in FORMS.items():
        net = Network(Blocks(form, **SMALL), inputs=4, classes=3, seed=3)
        assert net(x).shape == (2, 3, 6)
        found = sum(isinstance(module, torch.nn.BatchNorm1d) for module in net.modules())
        assert found == {"batch_norm": 4, "merged_batch_norm": 3, "final_batch_norm": 1}.get(
            name, 0
        )
        trained = {n for n, p in net.named_parameters() if p.requires_grad}
        assert ("blocks.gains" in trained) == form.branch
        assert ("blocks.alphas" in trained) == name.startswith("skip_init")


def test_ghosts_are_normalised_as_our_own_layer_does_it():
    ours, theirs = Normalise(8, ghost=3), GhostBatchNorm(8, ghost=3, affine=False)
    x = 5 + drawn(1, 8, 12)
    for _ in range(2):
        y = ours(x)
        torch.testing.assert_close(y[0].T, theirs(x[0].T))
    assert not torch.allclose(y, Normalise(8)(x), atol=0.1)
    ours.eval()
    theirs.eval()
    torch.testing.assert_close(ours(x)[0].T, theirs(x[0].T))


def test_dropout_is_of_the_seed_the_same_in_every_copy_and_absent_in_evaluation():
    x = torch.ones(3, 40, 50)
    layer, again, other = (Dropout(0.2, seed) for seed in (3, 3, 4))
    y = layer(x)
    assert set(y.unique().tolist()) == {0.0, 1.25}
    assert (y == 0).float().mean() == pytest.approx(0.2, abs=0.03)
    assert torch.equal(y[0], y[2])
    assert torch.equal(y, again(x))
    assert not torch.equal(y, other(x))
    assert not torch.equal(y, layer(x)), "each step draws anew"
    assert torch.equal(layer.eval()(x), x)


@pytest.mark.parametrize("extra", [{"ghost": 4}, {"dropout": 0.5}])
def test_ghosts_and_dropout_reach_the_network_that_is_trained(extra):
    with_it, without = (residual_rates.run(rates(form="batch_norm", **e)) for e in (extra, {}))
    assert with_it.series["train_loss"] != without.series["train_loss"]


def test_scales_of_the_initial_weights_reach_the_layers_that_they_name():
    whole = Blocks(FORMS["plain"], layers=2, **SMALL).weights
    parts = Blocks(FORMS["plain"], layers=2, first=0.5, last=0.0, **SMALL)
    assert torch.equal(parts.weights[:, 0], 0.5 * whole[:, 0])
    assert not parts.weights[:, 1].any()
    net = Network(parts, inputs=4, classes=3, seed=3, head=0.0)
    assert not net(drawn(6, 4)).any()


def test_linear_blocks_multiply_the_mean_square_as_the_law_says():
    """Wide enough for 10 %, and a form whose law is another is not mistaken for it."""
    plain = residual_variance.run(start("plain", linear=True, width=256)).series
    constant = residual_variance.run(start("over_root_two", linear=True, width=256)).series
    assert plain["second_moment"][-1] / plain["second_moment"][0] == pytest.approx(2**8, rel=0.1)
    assert constant["second_moment"][-1] == pytest.approx(1, rel=0.1)


def test_the_effective_depth_of_unnormalised_blocks_is_half_of_them():
    plain, normalised = (residual_variance.run(start(f)) for f in ("plain", "batch_norm"))
    assert plain.metrics["effective_depth"] == pytest.approx(4, rel=0.1)
    assert normalised.metrics["effective_depth"] == pytest.approx(
        sum(1 / (block + 2) for block in range(8)), rel=0.1
    )


def test_the_gradient_at_the_last_block_is_the_functional_itself():
    series = residual_variance.run(start("plain")).series
    assert series["gradient"][-1] == pytest.approx(1, rel=0.05)
    assert series["gradient"][0] > 2**6


def test_a_rate_trains_as_it_does_alone():
    together = residual_rates.run(rates(form="batch_norm")).series
    alone = residual_rates.run(rates(form="batch_norm", lowest=-3, highest=-3)).series
    at = together["learning_rate"].index(2.0**-3)
    for name in ("train_loss", "validation_error"):
        assert alone[name][0] == pytest.approx(together[name][at], rel=1e-4)
    assert together["train_loss"][0] != together["train_loss"][-1]


def test_a_run_is_its_cell_and_another_seed_another_run():
    first, again, other = (residual_rates.run(rates(s, form="skip_init_0")) for s in (3, 3, 4))
    assert first == again
    assert first != other


def test_a_rate_that_overflows_counts_as_chance_and_spares_the_others():
    found = residual_rates.run(rates(form="plain", highest=40, lowest=38, images=320))
    assert found.diverged
    assert set(found.series["test_error"]) == {0.9}
    mixed = residual_rates.run(rates(form="plain", lowest=-4, highest=30, images=320))
    assert not mixed.diverged
    assert mixed.series["test_error"][0] < 0.9 == mixed.series["test_error"][-1]
    assert all(math.isfinite(loss) for loss in mixed.series["train_loss"])


def test_decay_shrinks_weights_and_spares_gains():
    """At a rate too small to learn, a huge penalty alone decides: the loss of a net without weights."""
    free = residual_rates.run(rates(form="batch_norm", lowest=-10, highest=-10, images=1600))
    bound = residual_rates.run(
        rates(form="batch_norm", lowest=-10, highest=-10, images=1600, decay=200.0)
    )
    assert bound.series["train_loss"][0] == pytest.approx(math.log(10), abs=0.05)
    assert free.series["train_loss"][0] > 2.35
