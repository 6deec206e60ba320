"""Images that stay on disk and are decoded when a batch needs them, by threads of their own.

They stand where a tensor of images would (`Split.images`), for data sets that fit no memory.

    evaluation    the middle 224/256 of the shorter side, resized to 224x224
    training      a part of 8 to 100 % of the area and sides of 3:4 to 4:3, resized to 224x224, and
                  mirrored half of the time; no change of colours

Source of the second: Szegedy et al. 2015, section 6; Wu & He 2018 (section 4.1) also change colours.
"""

import math
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import overload

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from bnref.lab.datasets.arrays import DataError

SIZE, MIDDLE = 224, 224 / 256
TRIES = 10
DRAWS = 4 * TRIES + 1
"""Uniform numbers that one training image takes: area, shape and place of each try, and the mirror."""
LEAST_AREA, WIDEST = 0.08, 4 / 3
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's training images by colour, as torchvision has them."""
AHEAD = 2
"""Batches that are decoded while another is in use."""


@dataclass(frozen=True)
class Pictures:
    """Images of 224x224 pixels on a device, made from these files when asked for."""

    files: tuple[str, ...]
    device: str

    @property
    def shape(self) -> torch.Size:
        """(N, 3, 224, 224)."""
        return torch.Size((len(self.files), 3, SIZE, SIZE))

    def __len__(self) -> int:
        return len(self.files)

    @overload
    def __getitem__(self, index: Tensor) -> Tensor: ...
    @overload
    def __getitem__(self, index: slice) -> "Pictures": ...
    def __getitem__(self, index: Tensor | slice) -> "Tensor | Pictures":
        """The images at these indices, their middle; of a slice the same, still on disk."""
        if isinstance(index, slice):
            return Pictures(self.files[index], self.device)
        return next(self.decoded([(index, None)]))

    def split(self, batch_size: int) -> Iterator[Tensor]:
        """All images in order, in batches, as torch.Tensor.split cuts them."""
        parts = torch.arange(len(self)).split(batch_size)
        return self.decoded((part, None) for part in parts)

    def decoded(self, wanted: Iterable[tuple[Tensor, Tensor | None]]) -> Iterator[Tensor]:
        """A batch (N, 3, 224, 224), channels last, for each pair of indices and uniform draws.

        The draws (N, DRAWS) choose each image's part; without them it is the middle.
        """
        waiting: deque[list[Future[NDArray[np.uint8]]]] = deque()
        mean, std = (torch.tensor(values, device=self.device) for values in (MEAN, STD))

        def batch(images: list[Future[NDArray[np.uint8]]]) -> Tensor:
            pixels = torch.from_numpy(np.stack([image.result() for image in images]))
            pixels = pixels.to(self.device, non_blocking=True)
            return ((pixels.float() / 255 - mean) / std).permute(0, 3, 1, 2)

        with ThreadPoolExecutor(min(16, os.cpu_count() or 1)) as threads:
            for index, draws in wanted:
                chosen = [None] * len(index) if draws is None else draws.tolist()
                waiting.append(
                    [
                        threads.submit(_decode, self.files[number], numbers)
                        for number, numbers in zip(index.tolist(), chosen, strict=True)
                    ]
                )
                if len(waiting) > AHEAD:
                    yield batch(waiting.popleft())
            while waiting:
                yield batch(waiting.popleft())


def _decode(file: str, numbers: list[float] | None) -> NDArray[np.uint8]:
    try:
        with Image.open(file) as found:
            picture = found.convert("RGB")
    except (OSError, SyntaxError) as error:
        raise DataError(f"{file}: no image that can be read ({error}); replace it") from error
    box = middle(*picture.size) if numbers is None else part(*picture.size, numbers)
    made = picture.resize((SIZE, SIZE), Image.Resampling.BILINEAR, box=box)
    pixels = np.asarray(made)
    return pixels[:, ::-1] if numbers is not None and numbers[-1] < 0.5 else pixels


Box = tuple[float, float, float, float]
"""Left, upper, right and lower edge, in pixels."""


def middle(width: int, height: int, share: float = MIDDLE) -> Box:
    """The square in the middle whose side is this share of the shorter one."""
    side = share * min(width, height)
    left, upper = (width - side) / 2, (height - side) / 2
    return left, upper, left + side, upper + side


def part(width: int, height: int, numbers: list[float]) -> Box:
    """The first try that fits into the picture, of `TRIES`; else the largest square in the middle.

    Uniform are the area, the logarithm of width over height, and the place.
    """
    for start in range(0, 4 * TRIES, 4):
        area, shape, across, down = numbers[start : start + 4]
        size = width * height * (LEAST_AREA + (1 - LEAST_AREA) * area)
        aspect = math.exp((2 * shape - 1) * math.log(WIDEST))
        w, h = math.sqrt(size * aspect), math.sqrt(size / aspect)
        if w <= width and h <= height:
            left, upper = across * (width - w), down * (height - h)
            return left, upper, left + w, upper + h
    return middle(width, height, share=1.0)
