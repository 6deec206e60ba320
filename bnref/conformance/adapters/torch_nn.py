"""torch.nn.BatchNorm1d, 2d and 3d, run eagerly on the CPU."""

from __future__ import annotations

from typing import Any

import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_conv_bn_weights
from torch.optim.swa_utils import update_bn

from bnref.conformance.adapters import torch_module
from bnref.conformance.implementation import Config

Array = NDArray[Any]
MODULES = {2: nn.BatchNorm1d, 3: nn.BatchNorm1d, 4: nn.BatchNorm2d, 5: nn.BatchNorm3d}


class Layer(torch_module.Layer):
    """With torch's own folding into a convolution, and its statistics estimated again."""

    def fold(self, kernel: Array, bias: Array) -> tuple[Array, ...]:
        module: Any = self.module
        statistics = module.running_mean, module.running_var, module.eps
        tensors = torch.from_numpy(kernel), torch.from_numpy(bias)
        folded = fuse_conv_bn_weights(*tensors, *statistics, module.weight, module.bias)
        return tuple(value.detach().numpy() for value in folded)

    def fold_transposed(self, kernel: Array, bias: Array, groups: int) -> tuple[Array, ...]:
        inputs, outputs, size = kernel.shape
        layer = nn.ConvTranspose1d(inputs, outputs * groups, size, groups=groups).eval()
        layer.weight, layer.bias = (nn.Parameter(torch.from_numpy(a)) for a in (kernel, bias))
        module: Any = self.module.eval()
        folded: Any = fuse_conv_bn_eval(layer, module, transpose=True)
        return folded.weight.detach().numpy(), folded.bias.detach().numpy()

    def recalibrate(self, xs: list[Array]) -> None:
        update_bn([self.tensor(x) for x in xs], self.module)


def build(config: Config) -> nn.Module:
    """The module of the rank."""
    module = MODULES[config.rank]
    return module(config.channels, config.eps, config.momentum, config.affine, config.track)


ADAPTER = torch_module.adapter(
    "torch.nn",
    build,
    layer=Layer,
    default=lambda: nn.BatchNorm2d(3),
    deviates={
        "a_refused_batch_leaves_the_state_as_it_was": "num_batches_tracked counts it beforehand",
        "an_infinite_input_does_not_poison_the_statistics": "inputs are not inspected, "
        "https://github.com/pytorch/pytorch/issues/88474",
        "buffers_may_be_set_between_forward_and_backward": "the buffers are saved for backward, "
        "https://github.com/pytorch/pytorch/issues/22095",
        "folding_into_a_transposed_convolution_keeps_the_output": "fuse_conv_bn_eval scales a kernel "
        "of several groups as if it had one, and raises",
        "recomputation_updates_the_statistics_once": "recomputing is a second step, "
        "https://github.com/pytorch/pytorch/issues/96136",
        "statistics_may_share_memory_with_parameters": "the statistics are written first",
    },
)
