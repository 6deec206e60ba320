"""A setting on another bed is the same experiment with other data, network and budget.

Every network and image shape of the scales gpu and paper takes two steps here on four random images,
and every effect finds what it reads in what that run measured.
"""

from collections import defaultdict
from functools import lru_cache
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from PIL import Image

import bnref.lab.data
from bnref.evidence.cell import pack
from bnref.evidence.claim import Claim, Row, Rows, Setting, grid, plan
from bnref.evidence.provenance import data_digest
from bnref.evidence.registry import load
from bnref.evidence.verdict import as_interval
from bnref.execution.worker import experiment
from bnref.lab.datasets.arrays import Arrays
from bnref.lab.datasets.folder import Folder
from bnref.lab.papers.catalogue import PAPER_NETS, paper_net
from reproductions.beds import LANDSCAPE, SWEEP
from reproductions.paper_beds import VGG_CIFAR10, at_rate_per_image, on

ROOT = Path(__file__).parents[2]
AUGMENTATIONS = {"cifar10": "crop_flip", "cifar100": "crop_flip", "imagenet": "resized_crop_flip"}
FEW_MATES = "2,4"
"""Batch sizes of `batch_noise`; in other experiments mates are a word."""
SHAPE = (
    "data", "pool", "net", "depth", "width", "blocks", "layers", "form", "where", "groups", "factors",
    "activation", "place", "dropout", "mates",
)  # fmt: skip
"""Parameters of an arm that make another network or another shape of its input."""
BRIEF = {
    "batch_size": 4, "images": 8, "steps": 2, "train_images": 8, "probe_images": 4, "learning_rate": 1e-5,
    "probe_every": 1, "look_every": 1, "networks": 1, "repeats": 2, "sizes": "2,4", "stages": 2,
    "lowest": -7, "highest": -7, "source_batch_size": 4, "source_images": 8, "source_rate": 1e-5,
}  # fmt: skip
"""Two steps on four images each, for the parameters that an arm has."""
ABOVE_TWO_SECONDS = (
    "vgg16", "resnet50", "resnet101", "bn_inception", "resnet110", "depth=48-width=2", "depth=498",
    "blocks=18",
)  # fmt: skip
DO_NOT_TRAIN = ("depth=48-width=2-form=skip_init_1", "depth=498-width=2-form=skip_init_1")
"""As De & Smith 2020 say: from a stream of 2^48 a step leads anywhere, and 2^498 is no float32."""
CLAIMS = {claim.id: claim for _, claim in load(ROOT).values()}
ABOVE_SMALL = [
    (claim, scale)
    for claim in CLAIMS.values()
    for scale in ("gpu", "paper")
    if claim.kind == "statistical" and scale in claim.settings
]


def network(setting: Setting, arm) -> str:
    """The experiment and everything that makes a network of its own, as the id of a test."""
    parameters = {**setting.fixed, **arm.parameters}
    shape = [f"{name}={parameters[name]}" for name in SHAPE if name in parameters]
    return "-".join([setting.experiment.rpartition(".")[2], *shape])


def networks() -> dict[str, list[tuple[Claim, str]]]:
    """Each distinct network, and the claims at their scales whose first arm has it."""
    found = defaultdict(list)
    for claim, scale in ABOVE_SMALL:
        setting = claim.settings[scale]
        for number, arm in enumerate(setting.arms):
            asked = found[network(setting, arm)]
            if number == 0:
                asked.append((claim, scale))
    return found


NETWORKS = networks()
FIRST = {
    network(claim.settings[scale], one.arm): one
    for claim, scale in reversed(ABOVE_SMALL)
    for one in reversed(plan(claim.settings[scale], scale, "cpu", seeds=[3]))
}
"""One cell of each."""


def test_a_bed_swaps_data_network_and_budget_and_leaves_the_rest():
    gpu = on(VGG_CIFAR10, LANDSCAPE)
    assert (gpu.experiment, gpu.arms, gpu.seeds) == (LANDSCAPE.experiment, LANDSCAPE.arms, 20)
    assert VGG_CIFAR10.items() <= gpu.fixed.items()
    assert {name: gpu.fixed[name] for name in ("learning_rate", "probe_every")} == {
        "learning_rate": 0.1,
        "probe_every": 5,
    }
    assert LANDSCAPE.fixed["data"] == "fashion_mnist_10k", "the setting itself is unchanged"


def test_a_bed_may_have_other_arms_and_seeds():
    arms = grid(norm=("batch_norm", "identity"), learning_rate=(1e-4, 1e-2))
    cells = plan(on(VGG_CIFAR10, SWEEP, arms=arms, seeds=6), "gpu", "cuda")
    assert len(cells) == 6 * 4
    assert {one.cell.arm["net"] for one in cells} == {"vgg16"}
    assert {one.cell.arm["learning_rate"] for one in cells} == {1e-4, 1e-2}


def test_a_rate_per_image_is_proportional_to_the_batch():
    arms = grid(norm=("batch_norm",), batch_size=(2, 32))
    found = at_rate_per_image(0.1 / 256, on(VGG_CIFAR10, SWEEP, arms=arms)).arms
    assert [arm.parameters["learning_rate"] for arm in found] == [0.2 / 256, 3.2 / 256]
    assert [arm.name for arm in found] == [arm.name for arm in arms]


@pytest.fixture
def random_images(monkeypatch, tmp_path):
    """Random images in the place of every data set: in memory, or on disk as ImageNet's are."""

    def arrays(shape):
        draw = np.random.default_rng(0)
        images = [draw.integers(0, 256, (count, *shape), dtype=np.uint8) for count in (20, 10)]
        labels = [np.arange(count, dtype=np.uint8) % 10 for count in (20, 10)]
        return Arrays(images[0], labels[0], images[1], labels[1])

    def folder():
        for number in range(20):
            Image.effect_noise((40 + number, 40), 50).save(tmp_path / f"{number:02}.jpeg")
        samples = tuple((str(path), i % 10) for i, path in enumerate(sorted(tmp_path.iterdir())))
        return Folder(samples, samples[:10])

    shapes = {"cifar10": (32, 32, 3), "cifar100": (32, 32, 3), "mnist": (28, 28)}
    for name in ("fashion_mnist", "fashion_mnist_10k"):
        shapes[name] = (28, 28)
    for name, shape in shapes.items():
        monkeypatch.setattr(f"bnref.lab.datasets.{name}.load", lambda shape=shape: arrays(shape))
    monkeypatch.setattr("bnref.lab.datasets.imagenet.load", folder)
    monkeypatch.setattr("bnref.lab.data._pinned", lambda name: "random images")
    bnref.lab.data.load.cache_clear()
    yield
    bnref.lab.data.load.cache_clear()


@pytest.fixture
def searches_end_at_once(monkeypatch):
    """No rate trains anything in two steps, so the first one that a search tries counts as found."""
    monkeypatch.setattr("bnref.lab.experiments.largest_rate.TRAINS", -1.0)
    monkeypatch.setattr("bnref.lab.experiments.linear_depth.REACHED", 1e9)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            name,
            id=name,
            marks=[pytest.mark.slow] if any(net in name for net in ABOVE_TWO_SECONDS) else [],
        )
        for name in NETWORKS
    ],
)
def test_a_network_takes_two_steps_and_effects_find_what_they_read(
    name, random_images, searches_end_at_once
):
    cell = FIRST[name].cell
    if "," in str(cell.arm.get("mates")):
        cell = msgspec.structs.replace(cell, arm={**cell.arm, "mates": FEW_MATES})
    short = {key: value for key, value in BRIEF.items() if key in cell.arm}
    pair = {"pack": min(2, cell.arm.get("pack", 1))}  # who chooses for others needs another
    cell = msgspec.structs.replace(cell, arm={**cell.arm, **short, **pair})
    found, *_ = experiment(cell.experiment)(pack(cell))
    assert name.endswith(DO_NOT_TRAIN) or not found.diverged, f"{name} diverged in two steps"
    assert found.metrics
    for claim, scale in NETWORKS[name]:
        arms = claim.settings[scale].arms
        rows = Rows(tuple(Row(arm, found.metrics, found.series, False) for arm in arms))
        try:
            as_interval(claim.effect(rows))
        except KeyError as missing:
            pytest.fail(f"{claim.id} at scale {scale} reads {missing}, not in {name}'s record")


def test_every_normaliser_of_an_arm_fits_the_channels_of_its_network():
    """Groups must divide every layer's channels: 64 do in ResNet-50, and not in ResNet-20."""
    for claim, scale in ABOVE_SMALL:
        for arm in claim.settings[scale].arms:
            parameters = {**claim.settings[scale].fixed, **arm.parameters}
            if parameters.get("net") in PAPER_NETS and "norm" in parameters:
                fits(str(parameters["net"]), str(parameters["norm"]))


@lru_cache
def fits(net: str, norm: str) -> None:
    with torch.device("meta"):
        paper_net(net, norm, 10)


@pytest.mark.parametrize("id", CLAIMS)
def test_every_claim_that_is_attempted_can_be_asked_at_every_scale(id):
    claim = CLAIMS[id]
    if claim.not_attempted or claim.kind == "control":
        pytest.skip("no settings, or a control of this project, for scale small")
    assert set(claim.settings) == {"smoke", "small", "gpu", "paper"}


def test_cells_above_scale_small_name_networks_data_and_augmentation_that_exist():
    for claim, scale in ABOVE_SMALL:
        for planned in plan(claim.settings[scale], scale, "cuda", seeds=[100]):
            arm = planned.cell.arm
            if "data" not in arm:
                continue
            where = f"{claim.id} at scale {scale}, {planned.arm.name}"
            assert data_digest(str(arm["data"])), where
            if arm["data"] in AUGMENTATIONS:
                assert arm.get("augment") in (None, AUGMENTATIONS[str(arm["data"])]), where
            if "classify" in planned.cell.experiment:
                assert arm["net"] in (*PAPER_NETS, "mlp"), where
