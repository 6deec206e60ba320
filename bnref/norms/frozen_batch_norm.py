"""Frozen Batch Normalization: the statistics are constants, in training as in evaluation.

    y = weight * (x - running_mean) / sqrt(running_var + eps) + bias      in either mode

Source: practice in fine-tuning and detection, as in He et al. 2016, section 4.3.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from bnref.norms._batch_statistics import checked
from bnref.norms._channels import affine, along
from bnref.norms._norm import Norm
from bnref.norms.batch_norm import BatchNorm


class FrozenBatchNorm(BatchNorm):
    """Input (N, C, ...) of any number of values. `train()` does not thaw it: no buffer ever moves.

    Only the statistics are frozen: weight and bias train until `requires_grad_(False)`.
    Begins with mean 0 and variance 1: load a state dict (BatchNorm's own), or use `of`. There is
    no momentum. Computes in float32 at least. Differentiable twice; works under torch.func.

    Raises ValueError if the channels differ.
    """

    def __init__(self, channels: int, eps: float = 1e-5, affine: bool = True) -> None:
        super().__init__(channels, eps, None, affine)

    @classmethod
    def of(cls, norm: Any) -> FrozenBatchNorm:
        """A frozen copy of a batch norm, ours or torch's; raises ValueError if it has no statistics."""
        if getattr(norm, "running_mean", None) is None:
            raise ValueError(f"expected running statistics to freeze, found none in {norm}")
        frozen = cls(len(norm.running_mean), norm.eps, norm.weight is not None)
        frozen.to(norm.running_mean).load_state_dict(norm.state_dict())
        return frozen.train(norm.training)

    def forward(self, x: Tensor) -> Tensor:
        checked(x, self.channels, least=0)
        if x.dtype in (torch.float16, torch.bfloat16):
            return self.forward(x.float()).to(x.dtype)
        assert self.running_mean is not None
        assert self.running_var is not None
        scale = (self.running_var + self.eps).rsqrt()
        shift = -self.running_mean * scale
        if self.weight is not None and self.bias is not None:
            scale, shift = scale * self.weight, shift * self.weight + self.bias
        return affine(x, along(scale, x), along(shift, x))

    def track(self, mean: Tensor, var: Tensor, count: int) -> None:
        raise RuntimeError("the statistics of a frozen batch norm do not move")


NORM = Norm(
    name="frozen_batch_norm",
    build=FrozenBatchNorm,
    pools_over="nothing: the running statistics are given",
    source="He et al. 2016, section 4.3 (fine-tuning); torchvision and detectron2 FrozenBatchNorm2d",
    conventions="training and evaluation both use the running statistics, which never move; begins "
    "at mean 0 and variance 1; weight and bias train (there they are buffers); eps 1e-5 inside the "
    "square root; float32 at least",
)
