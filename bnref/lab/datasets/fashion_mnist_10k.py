"""The embedded subset of Fashion-MNIST: 10,000 training and 5,000 test images of 28x28."""

import zipfile
from importlib.resources import as_file, files

import numpy as np

from bnref.lab.datasets.arrays import Arrays, DataError


def load() -> Arrays:
    """The subset. Raises DataError where the file of the package is missing, torn or foreign."""
    with as_file(files("bnref.lab.datasets").joinpath("fashion_mnist_10k.npz")) as path:
        try:
            with np.load(path, allow_pickle=False) as file:
                return Arrays(**{name: file[name] for name in Arrays.__dataclass_fields__})
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise DataError(f"data file {path.name}: missing, torn or foreign ({error})") from error
