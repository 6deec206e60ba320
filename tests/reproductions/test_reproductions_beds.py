"""A setting on another bed is the same experiment with other data, network and budget."""

from pathlib import Path

import msgspec
import pytest
import torch
from PIL import Image

from bnref.evidence.claim import grid, plan
from bnref.evidence.provenance import data_digest
from bnref.evidence.registry import load
from bnref.execution.worker import experiment
from bnref.lab.data import Data, Split
from bnref.lab.experiments import classify, landscape
from bnref.lab.papers.catalogue import PAPER_NETS
from bnref.lab.pictures import Pictures
from bnref.lab.randomness import generator
from reproductions.beds import LANDSCAPE, SWEEP, VGG_CIFAR10, at_rate_per_image, on

ROOT = Path(__file__).parents[2]
AUGMENTATIONS = {"cifar10": "crop_flip", "cifar100": "crop_flip", "imagenet": "resized_crop_flip"}
AT_SCALE = (
    "IS15-12", "IS15-12-GN", "SA18-2", "SA18-2-GN", "SA18-8", "SA18-9", "SA18-10", "WH18-1"
)  # fmt: skip


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


@pytest.fixture(scope="module")
def claims():
    return {claim.id: claim for _, claim in load(ROOT).values()}


@pytest.mark.parametrize("id", AT_SCALE)
def test_claims_about_training_can_be_asked_at_every_scale(claims, id):
    assert set(claims[id].settings) == {"smoke", "small", "gpu", "paper"}


def test_cells_above_scale_small_name_networks_data_and_augmentation_that_exist(claims):
    for claim in claims.values():
        for scale in {"gpu", "paper"} & set(claim.settings):
            setting = claim.settings[scale]
            for planned in plan(setting, scale, "cuda", seeds=[100]):
                arm = planned.cell.arm
                if "data" not in arm:
                    continue
                where = f"{claim.id} at scale {scale}, {planned.arm.name}"
                assert data_digest(str(arm["data"])), where
                if arm["data"] in AUGMENTATIONS:
                    assert arm["net"] in PAPER_NETS, where
                    expected = (None, AUGMENTATIONS[str(arm["data"])])
                    assert arm["augment"] in expected, where


@pytest.fixture
def eight_images(monkeypatch, tmp_path):
    """Random images in the place of every data set: in memory as CIFAR is, or on disk as ImageNet."""
    labels = torch.arange(8) % 10

    def load(name, device, pool):
        if name == "imagenet":
            for number in range(8):
                Image.effect_noise((40 + number, 40), 50).save(tmp_path / f"{number}.jpeg")
            split = Split(Pictures(tuple(map(str, sorted(tmp_path.iterdir()))), device), labels)
        else:
            split = Split(torch.randn(8, 3, 32, 32, generator=generator(0, name)), labels)
        return Data(split, split, split, classes=10, sha256="none")

    for module in (classify, landscape):
        monkeypatch.setattr(module, "load", load)


@pytest.mark.slow
@pytest.mark.parametrize("scale", ["gpu", "paper"])
@pytest.mark.parametrize("id", ["IS15-12", "SA18-2", "SA18-8", "WH18-1"])
def test_a_cell_of_each_bed_takes_two_steps_and_has_what_its_effect_reads(
    claims, eight_images, id, scale
):
    setting = claims[id].settings[scale]
    planned = plan(setting, scale, "cpu", seeds=[3])[0]
    short = {"batch_size": 4, "images": 8, "probe_every": 1, "learning_rate": 1e-3}
    cell = msgspec.structs.replace(planned.cell, arm={**planned.cell.arm, **short})
    found = experiment(cell.experiment)((cell,))[0]
    assert not found.diverged
    wanted = {
        "IS15-12": {"first_loss", "train_loss"},
        "SA18-2": {"train_accuracy"},
        "SA18-8": {"loss_width_median", "predictiveness_median", "beta_q95", "train_accuracy"},
        "WH18-1": {"test_errors", "test_images"},
    }
    assert wanted[id] <= set(found.metrics)
