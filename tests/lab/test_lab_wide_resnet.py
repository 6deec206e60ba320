"""Wide-ResNets of De & Smith 2020: their forms, their start, and one rate after the other."""

import math

import pytest
import torch
from torch import nn

import bnref.norms
from bnref.evidence.cell import Cell, Value
from bnref.evidence.record import Measured
from bnref.lab.data import Data, Split
from bnref.lab.dropout import Dropout
from bnref.lab.experiments import wide_resnet_rates, wide_resnet_start
from bnref.lab.nets import initialise
from bnref.lab.papers.wide_resnet import Block, wide_resnet
from bnref.lab.randomness import generator
from bnref.lab.residual import FORMS
from bnref.lab.training import train

BATCH_NORM = bnref.norms.get("batch_norm").build


def images(count: int = 8) -> torch.Tensor:
    return torch.randn(count, 3, 32, 32, generator=generator(3, "images"))


def net(form: str) -> nn.Sequential:
    made = wide_resnet(16, 1, BATCH_NORM, 10, FORMS[form])
    initialise(made, 3)
    return made


def cell(seed: int = 3, **arm: Value) -> Cell:
    fixed = {"data": "random", "pool": 1, "depth": 6, "width": 1, "form": "batch_norm"}
    return Cell(experiment="x", arm={**fixed, **arm}, seed=seed, scale="gpu", device="cpu")


def rates(seed: int = 3, **arm: Value) -> Cell:
    return cell(seed, **{"batch_size": 4, "images": 8, "lowest": -4, "highest": -3, **arm})


@pytest.fixture(autouse=True)
def random_images(monkeypatch):
    """Eight random images in the place of every split."""
    split = Split(images(), torch.arange(8) % 4)
    data = Data(split, split, split, 4, "d" * 64)
    for module in (wide_resnet_rates, wide_resnet_start):
        monkeypatch.setattr(module, "load", lambda *names: data)


def test_every_form_normalises_where_it_says_and_learns_what_it_says():
    normalisers = {"batch_norm": 13, "merged_batch_norm": 6, "final_batch_norm": 1}
    for form in FORMS:
        made = net(form)
        found = [m for m in made.modules() if hasattr(m, "running_mean")]
        assert len(found) == normalisers.get(form, 0), form
        learnt = [name for name, _ in made.named_parameters() if name.endswith("alpha")]
        assert len(learnt) == (6 if form.startswith("skip_init") else 0), form
        biased = [m for m in made.modules() if isinstance(m, nn.Conv2d) and m.bias is not None]
        assert len(biased) == (0 if form == "batch_norm" else 15), form


@pytest.mark.parametrize(
    ("form", "skip", "alpha"),
    [("plain", 1, 1), ("over_root_two", 0.5**0.5, 0.5**0.5), ("skip_init_root", 1, 6**-0.5)],
)
def test_a_block_multiplies_its_paths_as_its_form_says(form, skip, alpha):
    block = next(layer for layer in net(form) if isinstance(layer, Block))
    x = torch.randn(2, 16, 8, 8, generator=generator(3, "stream"))
    torch.testing.assert_close(block(x), skip * block.shortcut(x) + alpha * block.branch(x))


def test_skip_init_starts_as_the_network_without_branches():
    made, x = net("skip_init_0"), images(2)
    before = made(x)
    with torch.no_grad():
        for name, parameter in made.named_parameters():
            if ".branch." in name:
                parameter.zero_()
    torch.testing.assert_close(made(x), before, rtol=0, atol=0)
    assert not torch.allclose(net("skip_init_1")(x), before), "alpha 1 lets the branches in"


def test_scales_of_the_initial_weights_reach_the_layers_that_they_name():
    whole, parts = (
        wide_resnet_rates.network(cell(form="plain", **scales), 4, 3)
        for scales in ({}, {"first": 0.5, "last": 0.0, "head": 2.0})
    )
    for one, other in zip(whole, parts, strict=True):
        if isinstance(one, Block):
            first, last = ([m for m in b.branch if isinstance(m, nn.Conv2d)] for b in (one, other))
            torch.testing.assert_close(last[0].weight, 0.5 * first[0].weight)
            assert not last[1].weight.any()
    torch.testing.assert_close(parts[-1].weight, 2 * whole[-1].weight)


def test_dropout_stands_before_the_classifier():
    made = wide_resnet_rates.network(cell(dropout=0.5), 4, 3)
    assert isinstance(made[-2], Dropout)
    assert isinstance(made[-1], nn.Linear)


def test_no_seed_of_a_pack_chooses_its_own_rate(monkeypatch):
    errors = {100: [0.1, 0.9, 0.9], 101: [0.9, 0.3, 0.2], 102: [0.9, 0.2, 0.3]}

    def every_rate(one: Cell) -> Measured:
        series = {"learning_rate": [1.0, 2.0, 4.0], "validation_error": errors[one.seed]}
        return Measured(metrics={}, series=series)

    monkeypatch.setattr(wide_resnet_rates, "_every_rate", every_rate)
    found = wide_resnet_rates.run_pack([rates(seed) for seed in errors])
    assert [one.metrics["rate_of_others"] for one in found] == [2.0, 1.0, 1.0]
    (alone,) = wide_resnet_rates.run_pack([rates(100)])
    assert not alone.metrics, "there is nobody to choose for it"


def test_a_rate_is_trained_as_classify_trains_it():
    (found,) = wide_resnet_rates.run_pack([rates()])
    assert found.series["learning_rate"] == [2.0**-4, 2.0**-3]
    made = wide_resnet_rates.network(rates(), 4, 3)
    split = Split(images(), torch.arange(8) % 4)
    run = train(made, split, learning_rate=2.0**-3, batch_size=4, steps=2, seed=3)
    assert found.series["train_loss"][1] == pytest.approx(run.last(run.losses), rel=1e-4)
    assert found.series["train_loss"][0] != found.series["train_loss"][1]


def test_a_loss_that_overflows_is_chance_and_a_large_one_is_not():
    (large,) = wide_resnet_rates.run_pack([rates(head=1e5, form="plain", lowest=-30, highest=-30)])
    assert not large.diverged
    assert large.series["train_loss"][0] > 1e3
    (worst,) = wide_resnet_rates.run_pack([rates(form="plain", lowest=40, highest=40, images=12)])
    assert worst.diverged
    assert worst.series["test_error"] == [0.75]


def start(form: str) -> Measured:
    return wide_resnet_start.run(cell(form=form, width=2, batch_size=4, networks=2))


def test_streams_at_the_start_grow_as_their_form_says():
    plain, normalised, none = (start(f) for f in ("plain", "batch_norm", "skip_init_0"))
    assert plain.metrics["first_stage"] == 2
    assert len(plain.series["block"]) == 1 + len(plain.series["branch"]) == 7
    growth = math.log2(plain.series["second_moment"][-1] / plain.series["second_moment"][0])
    assert growth == pytest.approx(6, abs=1.5)
    assert plain.metrics["effective_depth"] == pytest.approx(3, rel=0.15)
    predicted = 3 * (1 / 2 + 1 / 3)
    assert normalised.metrics["effective_depth"] == pytest.approx(predicted, rel=0.15)
    assert none.series["branch"] == [0.0] * 6


def test_the_gradient_at_the_last_block_is_the_functional_itself():
    """And shortcuts keep the sum of its squares, whatever the number of channels and positions."""
    plain, none = (start(form).series["gradient"] for form in ("plain", "skip_init_0"))
    assert plain[-1] == pytest.approx(1, rel=0.1)
    assert plain[0] > 2**4
    assert none == pytest.approx([1.0] * 7, rel=0.5)


def test_the_cosine_does_not_depend_on_the_scale():
    maps = torch.randn(5, 6, generator=generator(3, "maps"), dtype=torch.float64)
    tiny = wide_resnet_start._cosine(1e-20 * maps)
    assert tiny == pytest.approx(wide_resnet_start._cosine(maps))
    assert tiny != 0


@pytest.mark.parametrize(
    "extra",
    [
        {"norm": "bnref.lab.variants:ghosts_of_8"},
        {"dropout": 0.5},
        {"form": "skip_init_1", "last": 0},
    ],
)
def test_what_else_an_arm_says_changes_what_is_trained(extra):
    (found,), (plain,) = (
        wide_resnet_rates.run_pack([rates(**{"batch_size": 8, "images": 16, **e})])
        for e in (extra, {"form": extra.get("form", "batch_norm")})
    )
    assert not found.diverged
    ghosts_are_the_whole_batch = "norm" in extra
    same = found.series["train_loss"] == pytest.approx(plain.series["train_loss"], rel=1e-4)
    assert same == ghosts_are_the_whole_batch
