"""Gradients of random batches: moments by hand, the law without batch norm, and what batch norm breaks."""

import pytest
import torch

from bnref.evidence.cell import Cell, Value
from bnref.lab.data import Split, load
from bnref.lab.deep_residual import network
from bnref.lab.experiments import batch_gradients

ARM: dict[str, Value] = {
    "data": "digits",
    "pool": 1,
    "net": "residual_mlp",
    "norm": "identity",
    "where": "every",
    "blocks": 1,
    "width": 8,
    "batch_size": 32,
    "learning_rate": 0.1,
    "steps": 5,
    "train_images": 64,
    "sizes": "4,8,16,32",
    "repeats": 60,
}


def cell(**arm: Value) -> Cell:
    return Cell(experiment="x", arm={**ARM, **arm}, seed=3, scale="small", device="cpu")


def test_mean_and_noise_by_hand():
    data = load("digits", "cpu", 1)
    split = Split(data.train.images[:20], data.train.labels[:20])
    net = network(cell(), data).train()
    batches = torch.randint(20, (7, 4), generator=torch.Generator().manual_seed(0))
    each = torch.stack([batch_gradients.gradient(net, split, index) for index in batches])
    mean, noise = batch_gradients.mean_and_noise(net, split, batches)
    torch.testing.assert_close(mean, each.mean(0))
    assert noise == pytest.approx(float(each.var(0).sum()), rel=1e-3)
    everything = batch_gradients.gradient(net, split, torch.arange(20))
    singles = [batch_gradients.gradient(net, split, torch.tensor([i])) for i in range(20)]
    torch.testing.assert_close(torch.stack(singles).mean(0), everything, rtol=1e-4, atol=1e-6)


def test_the_law_holds_without_batch_norm_and_not_with_it():
    plain = batch_gradients.run(cell())
    assert plain.metrics["noise_slope"] == pytest.approx(-1, abs=0.1)
    normalised = batch_gradients.run(cell(norm="batch_norm"))
    assert normalised.metrics["noise_slope"] < -1.2
    assert normalised.metrics["bias"] > 0.2 + plain.metrics["bias"]
    assert normalised.series["bias"][0] > 4 * abs(plain.series["bias"][0])


def test_the_same_cell_gives_the_same_numbers():
    short: dict[str, Value] = {"sizes": "4,8", "repeats": 3, "norm": "batch_norm"}
    assert batch_gradients.run(cell(**short)) == batch_gradients.run(cell(**short))
    assert batch_gradients.run(cell(**short, learning_rate=1e9, steps=20)).diverged
