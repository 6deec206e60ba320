"""Make bnref/lab/datasets/fashion_mnist_10k.npz from the original Fashion-MNIST IDX files.

    python scripts/make_fashion_mnist_10k.py /usr/share/datasets/fashion-mnist

The folder holds the four `*-ubyte.gz` files (Debian: package dataset-fashion-mnist). The first 10,000
training and the first 5,000 test images are kept, in their order. Prints the digest for digests.json.
"""

import gzip
import hashlib
import sys
from pathlib import Path

import numpy as np

IDX = {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}
"""SHA-256 of the uncompressed originals."""


def read_idx(folder: Path, name: str) -> np.ndarray:
    """One IDX file of unsigned bytes. Raises ValueError where its digest is not the original's."""
    content = gzip.decompress((folder / f"{name}.gz").read_bytes())
    found = hashlib.sha256(content).hexdigest()
    if found != IDX[name]:
        raise ValueError(f"{folder / name}.gz: SHA-256 {found}, expected {IDX[name]}")
    rank = content[3]
    shape = tuple(np.frombuffer(content, ">u4", rank, 4))
    return np.frombuffer(content, np.uint8, offset=4 + 4 * rank).reshape(shape)


def subset(folder: Path) -> dict[str, np.ndarray]:
    """The arrays of the embedded subset."""
    return {
        "train_images": read_idx(folder, "train-images-idx3-ubyte")[:10_000],
        "train_labels": read_idx(folder, "train-labels-idx1-ubyte")[:10_000],
        "test_images": read_idx(folder, "t10k-images-idx3-ubyte")[:5_000],
        "test_labels": read_idx(folder, "t10k-labels-idx1-ubyte")[:5_000],
    }


def write(folder: Path, target: Path) -> str:
    """Write the subset and return the digest of its arrays, as digests.json pins it."""
    arrays = subset(folder)
    np.savez_compressed(target, **arrays)
    return hashlib.sha256(b"".join(a.tobytes() for a in arrays.values())).hexdigest()


if __name__ == "__main__":
    here = Path(__file__).resolve().parents[1] / "bnref/lab/datasets/fashion_mnist_10k.npz"
    print(write(Path(sys.argv[1]), here))
