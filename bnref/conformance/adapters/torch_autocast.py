"""torch.nn.BatchNorm1d, 2d and 3d within torch.autocast to bfloat16, on the CPU."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from numpy.typing import NDArray
from torch import nn

from bnref.conformance.adapters import torch_nn
from bnref.conformance.implementation import Config

Array = NDArray[Any]


class Layer(torch_nn.Layer):
    """Its forward passes run under autocast; the backward outside of it, as torch advises."""

    def _forward(self, x: Array, training: bool) -> Array:
        with torch.autocast("cpu", torch.bfloat16):
            return super()._forward(x, training)


ADAPTER = replace(
    torch_nn.ADAPTER,
    name="torch.nn, autocast to bfloat16",
    make=lambda config: Layer(torch_nn.build(config), config),
    dtypes=("float32", "bfloat16"),
    default=lambda: Layer(nn.BatchNorm2d(3), Config(channels=3, dtype="float32")),
)
