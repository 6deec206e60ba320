"""The project's layers that normalise each sample by itself, against their own formulas."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from bnref import __version__
from bnref.conformance.adapters import torch_module
from bnref.conformance.implementation import Config, Implementation, Pools
from bnref.norms.group_norm import GroupNorm
from bnref.norms.instance_norm import InstanceNorm
from bnref.norms.layer_norm import LayerNorm
from bnref.norms.rms_norm import RMSNorm

Array = NDArray[Any]


class WithoutBias(torch_module.Layer):
    """The gradient of a bias that is not there is 0."""

    def backward(self, dy: Array) -> tuple[Array, ...]:
        dx, dweight, _ = super().backward(dy)
        return dx, dweight, np.zeros_like(dweight)

    def _parameters(self) -> list[Tensor]:
        module: Any = self.module
        return [] if module.weight is None else [module.weight]


def _adapter(
    name: str,
    pools: Pools,
    build: Callable[[Config], nn.Module],
    ranks: tuple[int, ...] = (2, 3, 4, 5),
    layer: type[torch_module.Layer] = torch_module.Layer,
) -> Implementation:
    made = torch_module.adapter(
        f"bnref.norms.{name}", build, version=__version__, layer=layer, ranks=ranks
    )
    return replace(made, pools=pools)


GROUP = _adapter("group_norm", "group", lambda c: GroupNorm(c.channels, c.groups, c.eps, c.affine))
LAYER = _adapter("layer_norm", "layer", lambda c: LayerNorm(c.channels, c.eps, c.affine))
INSTANCE = _adapter(
    "instance_norm",
    "instance",
    lambda c: InstanceNorm(c.channels, c.eps, c.affine),
    ranks=(3, 4, 5),  # one value per instance where there is no space
)
RMS = _adapter("rms_norm", "rms", lambda c: RMSNorm(c.channels, c.eps, c.affine), layer=WithoutBias)
