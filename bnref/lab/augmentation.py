"""Training images on their way into the network: batches, with the papers' augmentation.

crop_flip            4 zeros around the normalised image, a random crop of its own size, and a
                     mirror image half of the time (He et al. 2016, section 4.2)
resized_crop_flip    a random part of a picture, resized, and mirrored half of the time
                     (see `bnref.lab.pictures`)
"""

from collections.abc import Iterator
from itertools import tee

import torch
from torch import Tensor
from torch.nn.functional import pad

from bnref.lab.data import Split
from bnref.lab.pictures import DRAWS, Pictures
from bnref.lab.randomness import generator

BORDER = 4


def batches_of(
    split: Split, indices: Iterator[Tensor], augment: str | None, seed: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Images and labels at each of the indices, augmented by numbers that depend on the seed alone.

    `augment` is "crop_flip" for images in memory, "resized_crop_flip" for pictures on disk, and None
    for none. Raises ValueError where it is another, or not for images of this kind.
    """
    if isinstance(split.images, Pictures):
        return _from_disk(split, split.images, indices, _known(augment, "resized_crop_flip"), seed)
    return _from_memory(split, split.images, indices, _known(augment, "crop_flip"), seed)


def _known(augment: str | None, offered: str) -> bool:
    if augment not in (None, offered):
        raise ValueError(f"augment is {augment!r}, expected {offered!r} or None for this data set")
    return augment is not None


def _from_memory(
    split: Split, images: Tensor, indices: Iterator[Tensor], augment: bool, seed: int
) -> Iterator[tuple[Tensor, Tensor]]:
    drawn = generator(seed, "augment")
    for index in indices:
        batch = images[index]
        yield crop_flip(batch, drawn) if augment else batch, split.labels[index]


def _from_disk(
    split: Split, images: Pictures, indices: Iterator[Tensor], augment: bool, seed: int
) -> Iterator[tuple[Tensor, Tensor]]:
    drawn = generator(seed, "augment")
    early, late = tee(indices)
    wanted = (
        (index, torch.rand(len(index), DRAWS, generator=drawn) if augment else None)
        for index in early
    )
    for index, batch in zip(late, images.decoded(wanted), strict=True):
        yield batch, split.labels[index.to(split.labels.device, non_blocking=True)]


def crop_flip(images: Tensor, drawn: torch.Generator) -> Tensor:
    """Each image (N, C, H, W) shifted by up to 4 pixels either way, and mirrored half of the time."""
    count, _, height, width = images.shape
    shifts = torch.randint(2 * BORDER + 1, (2, count, 1), generator=drawn)
    mirrored = torch.randint(2, (count, 1), generator=drawn) == 1
    across = torch.arange(width)
    rows = shifts[0] + torch.arange(height)
    columns = shifts[1] + torch.where(mirrored, across.flip(0), across)
    sample, rows, columns = (
        index.to(images.device, non_blocking=True)
        for index in (torch.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :])
    )
    # Indices on both sides of a slice put it last: (N, H, W, C), which is channels-last memory.
    return pad(images, (BORDER,) * 4)[sample, :, rows, columns].permute(0, 3, 1, 2)
