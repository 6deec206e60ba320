"""torch.nn.BatchNorm2d and 3d on the CPU, every input and cotangent in the channels-last format."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from numpy.typing import NDArray
from torch import nn

from bnref.conformance.adapters import torch_nn
from bnref.conformance.implementation import Config

FORMATS = {4: torch.channels_last, 5: torch.channels_last_3d}


class Layer(torch_nn.Layer):
    """Brings what it is handed into the format."""

    def tensor(self, x: NDArray[Any]) -> torch.Tensor:
        return super().tensor(x).contiguous(memory_format=FORMATS[x.ndim])


ADAPTER = replace(
    torch_nn.ADAPTER,
    name="torch.nn, channels last",
    make=lambda config: Layer(torch_nn.build(config), config),
    ranks=tuple(FORMATS),
    strides=False,  # there is one layout, this one
    default=lambda: Layer(nn.BatchNorm2d(3), Config(channels=3, dtype="float32")),
)
