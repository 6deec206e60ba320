"""The project's own layer, bnref.norms.batch_norm, run eagerly on the CPU."""

from __future__ import annotations

from typing import Any

import torch
from numpy.typing import NDArray
from torch import nn

from bnref import __version__
from bnref.conformance.adapters import torch_module
from bnref.norms.batch_norm import BatchNorm
from bnref.norms.beside.fold import fold
from bnref.norms.beside.population import reestimate

Array = NDArray[Any]
DEVIATES = {
    "an_infinite_input_does_not_poison_the_statistics": "inputs are not inspected, as in torch",
    "recomputation_updates_the_statistics_once": "recomputing is a second step, as in torch",
}


class Layer(torch_module.Layer):
    """With the project's folding, and its statistics estimated again."""

    def fold(self, kernel: Array, bias: Array) -> tuple[Array, Array]:
        outputs, inputs, *size = kernel.shape
        return self._folded(nn.Conv2d(inputs, outputs, tuple(size)), kernel, bias)

    def fold_transposed(self, kernel: Array, bias: Array, groups: int) -> tuple[Array, Array]:
        inputs, outputs, size = kernel.shape
        layer = nn.ConvTranspose1d(inputs, outputs * groups, size, groups=groups)
        return self._folded(layer, kernel, bias)

    def fold_before(self, kernel: Array, bias: Array, padding: int) -> tuple[Array, Array]:
        outputs, inputs, size = kernel.shape
        layer = nn.Conv1d(inputs, outputs, size, padding=padding)
        return self._folded(layer, kernel, bias, before=True)

    def recalibrate(self, xs: list[Array]) -> None:
        reestimate(self.module, [self.tensor(x) for x in xs], "mean of variances")

    def _folded(
        self, layer: Any, kernel: Array, bias: Array, before: bool = False
    ) -> tuple[Array, Array]:
        layer.weight, layer.bias = (nn.Parameter(torch.from_numpy(a)) for a in (kernel, bias))
        pair = (layer.eval(), self.module.eval())
        folded: Any = fold(*reversed(pair)) if before else fold(*pair)
        return folded.weight.detach().numpy(), folded.bias.detach().numpy()


ADAPTER = torch_module.adapter(
    "bnref.norms.batch_norm",
    lambda c: BatchNorm(c.channels, c.eps, c.momentum, c.affine, c.track),
    version=__version__,
    layer=Layer,
    default=lambda: BatchNorm(3),
    deviates=DEVIATES,
)
