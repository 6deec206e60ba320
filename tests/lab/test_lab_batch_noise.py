"""Noise of batch mates, and training in stages."""

import math

import pytest
import torch
from torch import nn

from bnref.evidence.cell import Cell
from bnref.lab.experiments import batch_noise, in_stages
from bnref.lab.randomness import generator
from bnref.norms.batch_norm import BatchNorm

NOISE = {
    "data": "digits",
    "pool": 1,
    "depth": 1,
    "width": 16,
    "norm": "batch_norm",
    "activation": "relu",
    "learning_rate": 0.1,
    "batch_size": 20,
    "images": 400,
    "mates": "8,64",
    "repeats": 20,
}
STAGES = {
    "data": "digits",
    "pool": 1,
    "net": "convnet3",
    "norm": "batch_norm",
    "learning_rate": 0.2,
    "batch_size": 32,
    "images": 1280,
    "stages": 2,
    "decay": 0.1,
}


def cell(arm, **other):
    return Cell(experiment="none", arm={**arm, **other}, seed=1, scale="small", device="cpu")


@pytest.mark.parametrize(("experiment", "arm"), [(batch_noise, NOISE), (in_stages, STAGES)])
def test_same_cell_same_bits(experiment, arm):
    first = experiment.run(cell(arm))
    torch.manual_seed(12345)
    assert experiment.run(cell(arm)) == first


def test_noise_of_one_batch_norm_is_that_of_its_mean():
    """For x = 0 among Gaussian mates y = -mean / std is Student's t: variance near 1/(m - 3)."""
    net, draw = nn.Sequential(BatchNorm(4)), generator(0, "noise")
    watched, mates = torch.zeros(10, 4), torch.randn(5000, 4, generator=draw)
    for size in (16, 64):
        found = batch_noise.noise(net, watched, mates, size, 200, draw)
        assert found == pytest.approx(1 / (size - 3), rel=0.15)


def test_noise_leaves_the_net_as_it_was_and_is_none_without_batch_statistics():
    draw, net = generator(0, "noise"), nn.Sequential(nn.Linear(4, 4), BatchNorm(4))
    before = net[1].running_mean.clone()
    batch_noise.noise(net, torch.zeros(2, 4), torch.randn(50, 4, generator=draw), 8, 5, draw)
    assert torch.equal(net[1].running_mean, before)
    alone = batch_noise.run(cell(NOISE, norm="layer_norm"))
    assert max(alone.series["variance"]) < 1e-10


def test_stages_count_errors_after_each():
    found = in_stages.run(cell(STAGES))
    assert found.series["step"] == [20, 40]
    assert found.metrics["first_error"] == found.series["test_error"][0]
    assert found.metrics["last_error"] == found.series["test_error"][-1] < 0.5


def test_the_rate_falls_from_stage_to_stage():
    still, moving = (in_stages.run(cell(STAGES, decay=decay)) for decay in (1e-9, 1.0))
    errors = still.series["test_error"]
    assert errors[0] == errors[1], "a rate of next to nothing changes nothing"
    assert moving.series["test_error"][0] == errors[0], "the first stage knows nothing of the decay"
    assert moving.series["test_error"][1] != errors[1]


def test_a_diverging_run_is_at_chance_from_that_stage_on():
    found = in_stages.run(cell(STAGES, norm="identity", learning_rate=1e4))
    assert found.diverged
    assert found.series["test_error"] == [pytest.approx(0.9)] * 2
    assert all(math.isfinite(value) for value in found.metrics.values())
