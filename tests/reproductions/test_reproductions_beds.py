"""A setting on another bed is the same experiment with other data, network and budget."""

from pathlib import Path

import pytest

from bnref.evidence.claim import grid, plan
from bnref.evidence.provenance import data_digest
from bnref.evidence.registry import load
from bnref.lab.papers.catalogue import PAPER_NETS
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
