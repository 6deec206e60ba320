"""The full FashionMNIST through torchvision."""

from torchvision.datasets import FashionMNIST

from bnref.lab.datasets import _torchvision
from bnref.lab.datasets.arrays import Arrays


def load() -> Arrays:
    """All images; raises DataError where they are not on disk and may not be fetched."""
    return _torchvision.load(FashionMNIST)
