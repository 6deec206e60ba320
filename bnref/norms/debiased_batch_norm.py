"""Debiased Batch Normalization: the running statistics forget that they began at nothing.

    training     y = weight * (x - mean) / sqrt(var + eps) + bias      as batch norm
    evaluation   the same with s_t / (1 - (1 - momentum)^t)      s_t the moving average from s_0 = 0

Source: Kingma & Ba 2015, section 3, for the correction; applied to batch norm by Haiku and others.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from bnref.norms._norm import Norm
from bnref.norms.batch_norm import BatchNorm


class DebiasedBatchNorm(BatchNorm):
    """BatchNorm in all but its buffers, which are unbiased after any number of batches.

    Input (N, C, ...). The buffers hold the corrected average itself: the t-th batch moves them by
    the weight momentum / (1 - (1 - momentum)^t), so the first replaces mean 0 and variance 1, and
    evaluation and state dict are torch's. running_var tracks the unbiased variance.
    `momentum`, above 0 and up to 1, is the weight of the new batch after many; None averages all
    equally. Differentiable twice; not under torch.func in training.

    Raises ValueError as BatchNorm does, and for a momentum out of range.
    """

    def __init__(
        self, channels: int, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = True
    ) -> None:
        if momentum is not None and not 0 < momentum <= 1:
            raise ValueError(f"expected a momentum above 0 and up to 1, found {momentum}")
        super().__init__(channels, eps, momentum, affine)

    @torch.no_grad()
    def track(self, mean: Tensor, var: Tensor, count: int) -> None:
        if self.momentum is None:
            super().track(mean, var, count)  # the plain average has no bias
            return
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        self.num_batches_tracked.add_(1)
        batches = self.num_batches_tracked.to(self.running_mean.dtype)
        # 1 - (1 - momentum)^t, which cancels where the momentum is small
        rate = math.log1p(-self.momentum) if self.momentum < 1 else -math.inf
        weight = self.momentum / -torch.expm1(batches * rate)
        self.running_mean.lerp_(mean.to(weight.dtype), weight)
        self.running_var.lerp_((var * (count / (count - 1))).to(weight.dtype), weight)


NORM = Norm(
    name="debiased_batch_norm",
    build=DebiasedBatchNorm,
    pools_over="batch and space",
    source="Kingma & Ba 2015, section 3 (bias correction), on Ioffe & Szegedy 2015",
    conventions="training normalises by the biased variance, running_var tracks the unbiased one; "
    "momentum 0.1 weighs the new batch, divided by 1 - 0.9^t at the t-th batch; evaluation uses the "
    "running statistics; eps 1e-5 inside the square root; statistics in float32 at least",
)
