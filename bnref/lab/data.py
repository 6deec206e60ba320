"""Data sets as one tensor on the device: images normalised once, no per-sample Python.

Where images stay on disk `Pictures` stand in the place of the tensor.
"""

import importlib
import json
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import avg_pool2d

from bnref.lab.datasets.arrays import DataError
from bnref.lab.datasets.folder import Folder
from bnref.lab.pictures import Pictures
from bnref.lab.randomness import generator

VALIDATION_SHARE = 0.2
"""The last fifth of the training images chooses rates; the test images are looked at once."""


@dataclass(frozen=True)
class Split:
    """Images (N, C, H, W) float32, channels last in memory, and labels (N,) int64.

    Where images stay on disk `images` is Pictures, which are indexed and split as the tensor would be.
    """

    images: Tensor
    labels: Tensor


@dataclass(frozen=True)
class Data:
    """A data set: training, validation and test split, number of classes, SHA-256 of its arrays."""

    train: Split
    validation: Split
    test: Split
    classes: int
    sha256: str


@lru_cache(maxsize=4)
def load(name: str, device: str, pool: int = 1) -> Data:
    """The data set, with images averaged over pool x pool pixels, on the device.

    Pixels are shifted and scaled by mean and standard deviation of the training images, which are
    computed here from those images. Raises DataError where the data is missing or not as pinned.
    """
    arrays = importlib.import_module(f"bnref.lab.datasets.{name}").load()
    if isinstance(arrays, Folder):
        return _on_disk(name, arrays, device, pool)
    found, pinned = arrays.sha256(), _pinned(name)
    if len(pinned) == 64 and found != pinned:
        raise DataError(
            f"data set {name}: SHA-256 is {found}, pinned is {pinned}: damaged or changed"
        )
    kept = round(len(arrays.train_images) * (1 - VALIDATION_SHARE))
    train, test = (_pooled(images, pool) for images in (arrays.train_images, arrays.test_images))
    mean = train[:kept].mean((0, 2, 3), keepdim=True)
    std = train[:kept].std((0, 2, 3), keepdim=True, correction=0)
    train, test = ((images - mean) / std for images in (train, test))

    def split(images: Tensor, labels: NDArray[np.uint8]) -> Split:
        on_device = images.to(device, memory_format=torch.channels_last)
        return Split(on_device, torch.from_numpy(labels.astype(np.int64)).to(device))

    return Data(
        train=split(train[:kept], arrays.train_labels[:kept]),
        validation=split(train[kept:], arrays.train_labels[kept:]),
        test=split(test, arrays.test_labels),
        classes=int(arrays.train_labels.max()) + 1,
        sha256=found,
    )


def _on_disk(name: str, folder: Folder, device: str, pool: int) -> Data:
    """Pictures of the files. Sorted by class as they are, they are shuffled before they are split."""
    if pool != 1:
        raise DataError(f"data set {name}: pool is {pool}, and images on disk have 1 only")
    order = torch.randperm(len(folder.train), generator=generator(0, f"split of {name}"))
    shuffled = tuple(folder.train[number] for number in order.tolist())
    kept = round(len(shuffled) * (1 - VALIDATION_SHARE))

    def split(samples: tuple[tuple[str, int], ...]) -> Split:
        labels = torch.tensor([label for _, label in samples], device=device)
        pictures = Pictures(tuple(file for file, _ in samples), device)
        return Split(pictures, labels)  # type: ignore[arg-type]

    return Data(
        train=split(shuffled[:kept]),
        validation=split(shuffled[kept:]),
        test=split(folder.test),
        classes=max(label for _, label in folder.train) + 1,
        sha256=folder.sha256(),
    )


def _pooled(images: NDArray[np.uint8], pool: int) -> Tensor:
    if images.ndim == 3:
        images = images[..., None]
    planes = torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float() / 255
    return avg_pool2d(planes, pool) if pool > 1 else planes


def _pinned(name: str) -> str:
    return str(json.loads(files("bnref.lab.datasets").joinpath("digests.json").read_text())[name])
