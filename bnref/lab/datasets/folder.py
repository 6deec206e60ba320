"""Data sets of one image file each, too many to hold in memory."""

import hashlib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Folder:
    """Paths of images with their labels, as they were found, sorted by class and name."""

    train: tuple[tuple[str, int], ...]
    test: tuple[tuple[str, int], ...]

    def sha256(self) -> str:
        """Digest of every file's class folder, name, size and label; not of what is in it."""
        total = hashlib.sha256()
        for samples in (self.train, self.test):
            for name, label in samples:
                path = Path(name)
                line = f"{path.parent.name}/{path.name} {path.stat().st_size} {label}\n"
                total.update(line.encode())
            total.update(b"\n")
        return total.hexdigest()
