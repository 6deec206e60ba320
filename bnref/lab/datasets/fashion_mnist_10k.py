"""The embedded subset of Fashion-MNIST: 10,000 training and 5,000 test images of 28x28."""

import io
import zipfile
from importlib.resources import files

import numpy as np

from bnref.lab.datasets.arrays import Arrays, DataError


def load() -> Arrays:
    """The subset. Raises DataError where the file of the package is missing, torn or foreign."""
    name = "fashion_mnist_10k.npz"
    try:
        content = io.BytesIO(files("bnref.lab.datasets").joinpath(name).read_bytes())
        with np.load(content, allow_pickle=False) as file:
            return Arrays(**{field: file[field] for field in Arrays.__dataclass_fields__})
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"data file {name}: missing, torn or foreign ({error})") from error
