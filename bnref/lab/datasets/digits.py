"""scikit-learn's 1,797 digits of 8x8 pixels with values 0 to 16."""

import numpy as np
from sklearn.datasets import load_digits

from bnref.lab.datasets.arrays import Arrays


def load() -> Arrays:
    """The digits in their order; the last fifth is the test split."""
    digits = load_digits()
    images, labels = digits.images.astype(np.uint8), digits.target.astype(np.uint8)
    cut = len(images) * 4 // 5
    return Arrays(images[:cut], labels[:cut], images[cut:], labels[cut:])
