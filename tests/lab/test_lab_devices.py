"""Cells run on a device that is not the CPU, and a step of training never waits for it."""

from collections import Counter
from functools import partial
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from PIL import Image
from pretend import Device, Elsewhere
from torch import nn

from bnref.evidence.cell import Cell, pack
from bnref.evidence.claim import plan
from bnref.evidence.registry import load
from bnref.execution.worker import experiment
from bnref.lab.augmentation import batches_of
from bnref.lab.data import Split
from bnref.lab.nets import convnet, each_norm, initialise
from bnref.lab.perceptrons import Dropout
from bnref.lab.pictures import Pictures
from bnref.lab.randomness import generator
from bnref.lab.training import CHECK_EVERY, batches, errors, reestimate, train

ROOT = Path(__file__).parents[2]
MOST = {
    "repeats": 2, "networks": 2, "probe_images": 20, "batches": 3, "rows": 40, "pack": 2, "steps": 12,
    "blocks": 2, "width": 8, "probe_every": 5, "look_every": 5,
}  # fmt: skip
STEPS = 12


def brief(cell: Cell) -> Cell:
    """The cell with at most twelve steps, and as small as its experiment allows."""
    short = {name: min(most, cell.arm[name]) for name, most in MOST.items() if name in cell.arm}
    if {"batch_size", "images"} <= cell.arm.keys():
        short["images"] = min(STEPS * cell.arm["batch_size"], cell.arm["images"])
    return msgspec.structs.replace(cell, arm={**cell.arm, **short})


def cells() -> dict[str, Cell]:
    """Two cells of each experiment at scale smoke: batch norm, and the first arm that is not."""
    found: dict[str, Cell] = {}
    for _, claim in load(ROOT).values():
        setting = claim.settings.get("smoke")
        for one in plan(setting, "smoke", "cpu", seeds=[3]) if setting else ():
            norm = one.cell.arm.get("norm") or one.cell.arm.get("form")
            kind = "batch_norm" if norm == "batch_norm" else "another"
            kind += "-kept" if one.cell.arm.get("mates") == "kept" else ""
            found.setdefault(f"{one.cell.experiment.rpartition('.')[2]}-{kind}", one.cell)
    return found


CELLS = cells()
SECOND = {name for name in CELLS if f"{name.partition('-')[0]}-batch_norm" in CELLS} - {
    name for name in CELLS if name.endswith("-batch_norm")
}
"""Of an experiment whose cell with batch norm is there: slow, as they take half of the time."""


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] if name in SECOND else []) for name in CELLS],
)
def test_a_cell_measures_the_same_on_a_device_that_is_not_the_cpu(name):
    cell = brief(CELLS[name])
    run = experiment(cell.experiment)
    expected = run(pack(cell))
    with Device():
        found = run(pack(msgspec.structs.replace(cell, device="pretend")))
    for a, b in zip(expected, found, strict=True):
        assert a.diverged == b.diverged
        for numbers, others in ((a.metrics, b.metrics), (a.series, b.series)):
            assert numbers.keys() == others.keys()
            for metric, value in numbers.items():
                assert others[metric] == pytest.approx(value, rel=1e-3, abs=1e-9), metric


def test_the_device_refuses_what_a_gpu_refuses_and_notes_what_waits_for_it():
    with Device() as device:
        x = torch.arange(6.0).to("pretend")
        assert device.waits == ["aten._to_copy.default"], "from the host, and it waits"
        with pytest.raises(RuntimeError, match="same device"):
            x + torch.ones(6)
        with pytest.raises(RuntimeError, match=r"nll_loss2d_forward does not have a deterministic"):
            nn.functional.cross_entropy(x.view(1, 2, 3), (x[None, :3] > 1).long())
        with pytest.raises(RuntimeError, match="a generator of the device"):
            torch.rand(2, device="pretend", generator=generator(0, "host"))
        device.waits.clear()
        assert (x * 2 + torch.tensor(1.0)).sum().device.type == "pretend"
        x[torch.tensor([2, 0], device="pretend")].sub_(torch.full_like(x[:2], 0.5))
        torch.ones(6).to("pretend", non_blocking=True)
        assert device.waits == ["aten.copy_.default"], "torch.tensor with numbers of the host"
        device.waits.clear()
        assert (float(x[3]), x.cpu().tolist()[1], len(x[x > 2])) == (3.0, 1.0, 3)
        x[torch.tensor([0])]
        assert len(device.waits) == 4


def with_momentum_none():
    net = convnet("convnet3", "batch_norm", 1, 10)
    for layer in each_norm(net, "running_mean"):
        layer.momentum = None
    return net


def with_dropout():
    layers = [nn.Flatten(), nn.Linear(64, 20), Dropout(0.5, generator(0, "dropout"))]
    return nn.Sequential(*layers, nn.Linear(20, 10))


@pytest.mark.parametrize(
    "make",
    [
        partial(convnet, "convnet3", "batch_norm", 1, 10),
        partial(convnet, "convnet3", "group_norm", 1, 10),
        partial(convnet, "convnet3", "lp_batch_norm", 1, 10),
        partial(convnet, "convnet3", "noisy_batch_norm", 1, 10),
        with_momentum_none,
        with_dropout,
    ],
    ids=["batch norm", "group norm", "lp", "noisy", "momentum None", "dropout"],
)
def test_a_step_of_training_does_not_wait_for_the_device(make):
    net = make()
    initialise(net, 0)
    with Device() as device:
        split = images()
        net = net.to("pretend")
        device.waits.clear()
        train(
            net, split, learning_rate=0.01, batch_size=8, steps=2 * CHECK_EVERY + 5, seed=0,
            sgd_momentum=0.9, drops=(0.5,), augment="crop_flip",
        )  # fmt: skip
    assert Counter(device.waits) == {
        "aten._local_scalar_dense.default in training.py ended": 3,
    }


def images(count=40):
    """Images on the device."""
    drawn = torch.randn(count, 1, 8, 8, generator=generator(0, "images"))
    return Split(drawn.to("pretend"), (torch.arange(count) % 10).to("pretend"))


def test_errors_are_read_once_and_statistics_never():
    here, there = with_momentum_none(), with_momentum_none()
    initialise(here, 0)
    initialise(there, 0)
    with Device() as device:
        split, there = images(), there.to("pretend")
        device.waits.clear()
        assert reestimate(there, split.images, batch_size=8)
        assert device.waits == []
        found = errors(there, split, batch_size=8)
    assert device.waits == ["aten._local_scalar_dense.default in training.py errors"]
    host = Split(split.images.held, split.labels.held)
    assert reestimate(here, host.images, batch_size=8)
    assert found == errors(here, host, batch_size=8)


def test_images_on_disk_are_read_without_waiting(tmp_path):
    files = [str(tmp_path / f"{number}.png") for number in range(8)]
    for number, file in enumerate(files):
        pixels = np.full((30, 40, 3), 20 * number, dtype=np.uint8)
        Image.fromarray(pixels).save(file)
    with Device() as device:
        split = Split(Pictures(tuple(files), "pretend"), torch.arange(8).to("pretend"))
        device.waits.clear()
        indices = batches(split, 2, 8, generator(0, "order"))
        found = list(batches_of(split, indices, "resized_crop_flip", seed=0))
        waits = list(device.waits)
        shades = torch.cat([batch.mean((1, 2, 3)) for batch, _ in found]).cpu()
        labels = torch.cat([labels for _, labels in found]).cpu()
    assert Counter(waits) == {"aten.copy_.default in pictures.py <genexpr>": 2}, "mean and std"
    assert all(isinstance(batch, Elsewhere) for batch, _ in found)
    assert torch.equal(shades[labels.argsort()].diff() >= 0, torch.ones(15, dtype=torch.bool))
