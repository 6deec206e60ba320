"""The embedded data is what it says, and damage is named."""

import gzip
import importlib.util
from pathlib import Path

import pytest
import torch

from bnref.evidence.provenance import data_digest
from bnref.lab import data
from bnref.lab.datasets import digits, fashion_mnist_10k
from bnref.lab.datasets.arrays import Arrays, DataError

ROOT = Path(__file__).parents[2]
ORIGINALS = Path("/usr/share/datasets/fashion-mnist")


@pytest.fixture(autouse=True)
def fresh():
    data.load.cache_clear()
    yield
    data.load.cache_clear()


def test_embedded_subset_is_small_and_pinned():
    path = Path(fashion_mnist_10k.__file__).with_suffix(".npz")
    assert path.stat().st_size <= 8_000_000, (
        f"{path.name} has {path.stat().st_size} bytes, at most 8 MB"
    )
    assert (path.parent / "LICENSE.fashion_mnist").is_file(), "the licence lies beside the data"
    arrays = fashion_mnist_10k.load()
    assert arrays.train_images.shape == (10_000, 28, 28)
    assert arrays.test_images.shape == (5_000, 28, 28)
    assert arrays.sha256() == data_digest("fashion_mnist_10k")


@pytest.mark.skipif(
    not ORIGINALS.is_dir(), reason="Debian's dataset-fashion-mnist is not installed"
)
def test_script_rebuilds_the_subset_from_the_originals(tmp_path):
    script = ROOT / "scripts" / "make_fashion_mnist_10k.py"
    spec = importlib.util.spec_from_file_location("make_fashion_mnist_10k", script)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = module.write(ORIGINALS, tmp_path / "rebuilt.npz")
    assert found == data_digest("fashion_mnist_10k"), "the rebuilt subset has other content"
    full = Arrays(*(module.read_idx(ORIGINALS, name) for name in module.IDX))
    assert full.sha256() == data_digest("fashion_mnist"), "the full data set's pin is another"


def test_digits_are_pinned():
    arrays = digits.load()
    assert len(arrays.train_images) + len(arrays.test_images) == 1797
    assert arrays.sha256() == data_digest("digits")


@pytest.mark.parametrize("name", ["fashion_mnist_10k", "digits"])
def test_loaded_data_is_normalised_split_and_never_shares_images(name):
    loaded = data.load(name, "cpu", 2)
    images = loaded.train.images
    assert images.is_contiguous(memory_format=torch.channels_last)
    assert abs(float(images.mean())) < 1e-5, "training images have mean 0"
    assert abs(float(images.std(correction=0)) - 1) < 1e-5, "training images have deviation 1"
    total = len(images) + len(loaded.validation.labels)
    assert len(images) == round(0.8 * total), "the last fifth of the training images is validation"
    assert loaded.classes == 10


def test_wrong_digest_is_named(monkeypatch):
    arrays = fashion_mnist_10k.load()
    changed = arrays.train_images.copy()
    changed[0, 0, 0] ^= 1
    broken = Arrays(changed, arrays.train_labels, arrays.test_images, arrays.test_labels)
    monkeypatch.setattr(fashion_mnist_10k, "load", lambda: broken)
    with pytest.raises(DataError, match=r"fashion_mnist_10k: SHA-256 is .* pinned is ed034e8d"):
        data.load("fashion_mnist_10k", "cpu")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 torn", b"not a zip file at all"])
def test_damaged_file_is_named(monkeypatch, tmp_path, content):
    (tmp_path / "fashion_mnist_10k.npz").write_bytes(content)
    monkeypatch.setattr(fashion_mnist_10k, "files", lambda package: tmp_path)
    with pytest.raises(
        DataError, match=r"data file fashion_mnist_10k.npz: missing, torn or foreign"
    ):
        data.load("fashion_mnist_10k", "cpu")


def test_full_data_sets_are_not_fetched_unasked(monkeypatch, tmp_path):
    monkeypatch.setenv("BNREF_DATA", str(tmp_path))
    monkeypatch.setenv("BNREF_DOWNLOAD", "0")
    with pytest.raises(DataError, match=r"MNIST not usable .* give --bn-download to fetch it"):
        data.load("mnist", "cpu")


@pytest.mark.slow
@pytest.mark.skipif(
    not ORIGINALS.is_dir(), reason="Debian's dataset-fashion-mnist is not installed"
)
def test_full_fashion_mnist_through_torchvision_is_the_pinned_one(monkeypatch, tmp_path):
    raw = tmp_path / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for packed in ORIGINALS.glob("*.gz"):
        (raw / packed.stem).write_bytes(gzip.decompress(packed.read_bytes()))
    monkeypatch.setenv("BNREF_DATA", str(tmp_path))
    loaded = data.load("fashion_mnist", "cpu", 4)
    assert loaded.sha256 == data_digest("fashion_mnist")
    assert len(loaded.train.labels) == 48_000, "a fifth of 60,000 is validation"
