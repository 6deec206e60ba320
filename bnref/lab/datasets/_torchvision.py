"""Full data sets through torchvision, fetched only where --bn-download allowed it."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from bnref.lab.datasets.arrays import Arrays, DataError


def load(kind: Any) -> Arrays:
    """A torchvision data set from BNREF_DATA. Raises DataError where it is not there."""
    root = Path(os.environ.get("BNREF_DATA", ".bnref/data"))
    download = os.environ.get("BNREF_DOWNLOAD") == "1"
    try:
        train, test = (kind(root, train=part, download=download) for part in (True, False))
    except (RuntimeError, OSError) as error:
        hint = "" if download else "; give --bn-download to fetch it"
        raise DataError(f"data set {kind.__name__} not usable in {root} ({error}){hint}") from error
    parts = (part for split in (train, test) for part in (split.data, split.targets))
    return Arrays(*(np.asarray(part, dtype=np.uint8) for part in parts))
