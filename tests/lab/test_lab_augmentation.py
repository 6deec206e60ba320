"""Augmentation is drawn by the seed alone, and images on disk are read as they should be."""

import numpy as np
import pytest
import torch
from PIL import Image

from bnref.evidence.cell import Cell
from bnref.lab import data, pictures
from bnref.lab.augmentation import batches_of, crop_flip
from bnref.lab.data import Split
from bnref.lab.datasets.arrays import DataError
from bnref.lab.experiments import classify, landscape
from bnref.lab.nets import convnet, initialise
from bnref.lab.randomness import generator
from bnref.lab.training import train


def numbered(count=64, size=6):
    """Images whose pixels all differ and are never zero."""
    return torch.arange(1.0, count * 3 * size * size + 1).view(count, 3, size, size)


def test_a_crop_is_a_shifted_and_perhaps_mirrored_image_in_zeros():
    images = numbered()
    seen = set()
    for before, after in zip(images, crop_flip(images, generator(0, "augment")), strict=True):
        padded = torch.nn.functional.pad(before, (4, 4, 4, 4))
        fits = [
            (down, across, flip)
            for down in range(9)
            for across in range(9)
            for flip in (False, True)
            if torch.equal(
                after.flip(2) if flip else after, padded[:, down : down + 6, across : across + 6]
            )
        ]
        assert len(fits) == 1, f"{len(fits)} shifts explain a crop"
        seen.add(fits[0])
    assert {flip for *_, flip in seen} == {False, True}
    assert {down for down, *_ in seen} == set(range(9)) == {across for _, across, _ in seen}


def test_crops_are_channels_last_in_memory():
    crops = crop_flip(numbered(), generator(0, "augment"))
    assert crops.is_contiguous(memory_format=torch.channels_last)


def fed(seed, augment, split=None):
    split = split or Split(numbered(), torch.arange(64))
    indices = iter(torch.arange(64).split(16))
    return list(batches_of(split, indices, augment, seed))


def test_augmentation_depends_on_the_seed_alone():
    torch.manual_seed(1)
    first = fed(3, "crop_flip")
    torch.manual_seed(2)
    again, other = fed(3, "crop_flip"), fed(4, "crop_flip")
    for (a, labels), (b, _), (c, _) in zip(first, again, other, strict=True):
        assert torch.equal(a, b)
        assert not torch.equal(a, c)
        assert len(labels) == 16
    plain = torch.cat([images for images, _ in fed(3, None)])
    assert torch.equal(plain, numbered()), "None leaves images as they are"


def test_an_augmentation_for_other_images_is_refused():
    with pytest.raises(ValueError, match=r"augment is 'resized_crop_flip', expected 'crop_flip'"):
        fed(0, "resized_crop_flip")


@pytest.fixture
def imagenet(tmp_path, monkeypatch):
    """Ten training and four test images of two classes: a dark and a bright one."""
    rng = np.random.default_rng(0)
    for part, each in (("train", 5), ("val", 2)):
        for label, bright in (("n01", 0), ("n02", 128)):
            folder = tmp_path / "imagenet" / part / label
            folder.mkdir(parents=True)
            for number in range(each):
                pixels = rng.integers(bright, bright + 128, (40, 60 + number, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / f"{number}.JPEG")
    monkeypatch.setenv("BNREF_DATA", str(tmp_path))
    data.load.cache_clear()
    yield tmp_path / "imagenet"
    data.load.cache_clear()


def test_imagenet_is_split_and_read_from_its_folder(imagenet):
    found = data.load("imagenet", "cpu")
    assert (len(found.train.labels), len(found.validation.labels)) == (8, 2)
    assert found.classes == 2
    assert found.train.images.shape == (8, 3, 224, 224)
    files = [*found.train.images.files, *found.validation.images.files]
    assert len(set(files)) == 10, "no image is in both"
    assert files != sorted(files), "validation must not be the last classes only"
    brightness = torch.cat([batch.mean((1, 2, 3)) for batch in found.train.images.split(3)])
    assert torch.equal((brightness > 0).long(), found.train.labels), "labels belong to their images"
    batch = found.test.images[torch.tensor([3, 0])]
    assert batch.is_contiguous(memory_format=torch.channels_last)
    assert batch[0].mean() > 0 > batch[1].mean(), "in the order that was asked for"
    assert len(found.train.images[:3]) == 3


def test_the_digest_tells_another_folder(imagenet):
    first = data.load("imagenet", "cpu").sha256
    (imagenet / "val" / "n01" / "0.JPEG").rename(imagenet / "val" / "n01" / "7.JPEG")
    data.load.cache_clear()
    assert data.load("imagenet", "cpu").sha256 != first


def test_resized_crops_depend_on_the_seed_alone(imagenet):
    split = data.load("imagenet", "cpu").train

    def read(seed, augment="resized_crop_flip"):
        indices = iter(torch.arange(8).split(3))
        return torch.cat([images for images, _ in batches_of(split, indices, augment, seed)])

    assert torch.equal(read(1), read(1))
    assert not torch.equal(read(1), read(2))
    assert torch.equal(read(1, None), split.images[torch.arange(8)])
    with pytest.raises(ValueError, match=r"augment is 'crop_flip', expected 'resized_crop_flip'"):
        read(1, "crop_flip")


def test_parts_lie_inside_and_have_the_areas_and_shapes_of_the_source():
    draws = torch.rand(500, pictures.DRAWS, generator=generator(0, "parts")).tolist()
    areas = []
    for numbers in draws:
        left, upper, right, lower = pictures.part(500, 375, numbers)
        width, height = right - left, lower - upper
        assert 0 <= left < right <= 500.001
        assert 0 <= upper < lower <= 375.001
        assert 3 / 4 - 1e-9 <= width / height <= 4 / 3 + 1e-9
        areas.append(width * height / (500 * 375))
    assert 0.08 <= min(areas) < 0.12
    assert max(areas) > 0.8
    # No part of at least 8 % with sides of at most 4:3 fits into a line of pixels.
    assert pictures.part(500, 5, draws[0]) == pictures.middle(500, 5, share=1.0)


def test_the_middle_is_that_of_a_picture_resized_to_256():
    assert pictures.middle(512, 256) == (144, 16, 368, 240)


def test_missing_and_unequal_folders_and_broken_images_are_named(imagenet, monkeypatch, tmp_path):
    with pytest.raises(DataError, match="imagenet: pool is 2"):
        data.load("imagenet", "cpu", 2)
    broken = imagenet / "val" / "n01" / "0.JPEG"
    broken.write_bytes(broken.read_bytes()[:200])
    with pytest.raises(DataError, match=r"val/n01/0.JPEG: no image that can be read"):
        list(data.load("imagenet", "cpu").test.images.split(4))
    (imagenet / "val" / "n02").rename(imagenet / "val" / "n03")
    data.load.cache_clear()
    with pytest.raises(DataError, match="both need the same class folders"):
        data.load("imagenet", "cpu")
    monkeypatch.setenv("BNREF_DATA", str(tmp_path / "nowhere"))
    data.load.cache_clear()
    with pytest.raises(DataError, match=r"imagenet: .* put its images into .*train/<class>/"):
        data.load("imagenet", "cpu")


def cell(experiment, **arm):
    fixed = {
        "data": "imagenet", "pool": 1, "augment": "resized_crop_flip", "net": "convnet3",
        "norm": "batch_norm", "learning_rate": 0.01, "batch_size": 4, "images": 8,
    }  # fmt: skip
    return Cell(experiment=experiment, arm={**fixed, **arm}, seed=1, scale="paper", device="cpu")


def test_experiments_run_on_images_from_disk(imagenet):
    found = classify.run(cell("classify", reestimate=True)).metrics
    assert found["steps"] == 2
    assert (found["test_images"], found["validation_images"]) == (4, 2)
    assert "test_errors_reestimated" in found
    assert classify.run(cell("classify", reestimate=True)).metrics == found
    assert classify.run(cell("classify", augment=None)).metrics["train_loss"] != found["train_loss"]
    probed = landscape.run(cell("landscape", probe_every=1))
    assert probed.series["step"] == [0, 1]


def run(drops=(), weight_decay=0.0, learning_rate=0.1):
    split = Split(torch.randn(40, 1, 8, 8, generator=generator(0, "i")), torch.arange(40) % 10)
    net = convnet("convnet3", "batch_norm", 1, 10)
    initialise(net, 0)
    seen = []
    train(
        net, split, learning_rate=learning_rate, batch_size=8, steps=10, seed=0, drops=drops,
        weight_decay=weight_decay,
        probe=lambda step, images, labels: seen.append(net[0].weight.detach().clone()),
    )  # fmt: skip
    return seen


def test_the_rate_falls_to_a_tenth_after_a_share_of_the_steps():
    constant, falling, lower = run(), run(drops=(0.5, 0.8)), run(learning_rate=0.01)
    for step in range(6):  # weights before step 5 owe nothing to the fall at step 5
        assert torch.equal(constant[step], falling[step]), step
    ratio = (falling[6] - falling[5]).norm() / (constant[6] - constant[5]).norm()
    assert float(ratio) == pytest.approx(0.1, rel=1e-3)
    assert not torch.equal(lower[1], falling[1])


def test_weight_decay_is_added_to_the_gradient():
    plain, decayed = run(), run(weight_decay=0.5)
    torch.testing.assert_close(decayed[1], plain[1] - 0.1 * 0.5 * plain[0])
