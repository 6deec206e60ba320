"""What every data set module's `load` returns, and how its bytes are digested."""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


class DataError(Exception):
    """A data set is missing, damaged or not the one that was pinned; the message says which."""


@dataclass(frozen=True)
class Arrays:
    """Images as unsigned bytes (N, H, W) or (N, H, W, C) and labels, as they were loaded."""

    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.uint8]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.uint8]

    def sha256(self) -> str:
        """Digest of the four arrays' bytes, in the order of the fields."""
        total = hashlib.sha256()
        for part in (self.train_images, self.train_labels, self.test_images, self.test_labels):
            total.update(np.ascontiguousarray(part).tobytes())
        return total.hexdigest()
