"""ImageNet from a folder: imagenet/train/<class>/ and imagenet/val/<class>/ in BNREF_DATA."""

import os
from pathlib import Path

from torchvision.datasets import ImageFolder

from bnref.lab.datasets.arrays import DataError
from bnref.lab.datasets.folder import Folder


def load() -> Folder:
    """All images; raises DataError where there are none, or classes differ. Nothing is fetched."""
    root = Path(os.environ.get("BNREF_DATA", ".bnref/data")) / "imagenet"
    try:
        train, test = (ImageFolder(root / part) for part in ("train", "val"))
    except OSError as error:
        raise DataError(
            f"data set imagenet: {error}; put its images into {root}/train/<class>/ and "
            f"{root}/val/<class>/, or set BNREF_DATA to the folder that holds imagenet/"
        ) from error
    if train.classes != test.classes:
        raise DataError(
            f"data set imagenet: {root}/train has {len(train.classes)} classes and "
            f"{root}/val {len(test.classes)}: both need the same class folders"
        )
    return Folder(tuple(train.samples), tuple(test.samples))
