"""Batch Renormalization: batch norm, corrected in training towards the running statistics.

    training     y = weight * ((x - mean) / sqrt(var + eps) * r + d) + bias      var biased
                 r = clip(sqrt(var + eps) / sigma, 1 / r_max, r_max)      sigma^2 = running_var + eps
                 d = clip((mean - running_mean) / sigma, -d_max, d_max)      r and d are constants
    evaluation   as batch norm, with running_mean and running_var

Source: Ioffe 2017, section 3, algorithm 1.
"""

from __future__ import annotations

import torch
from torch import Tensor

from bnref.norms._batch_statistics import BatchStatistics, moments
from bnref.norms._norm import Norm


class BatchRenorm(BatchStatistics):
    """Input (N, C, ...). No gradient flows through r and d; it flows through mean and var.

    r and d are of the running statistics *before* this batch moves them. Where no clip binds, y is
    that of evaluation; with r_max = 1 and d_max = 0 it is BatchNorm, forward and backward: begin
    there and raise the attributes `r_max` and `d_max` while training (the paper: to 3 and 5).
    `momentum` is the weight of the new batch. running_var tracks the unbiased variance, as BatchNorm
    (the paper tracks the standard deviation sqrt(var + eps)). Evaluation, state dict and errors are
    BatchNorm's; float32 at least. Differentiable twice, with r and d constant; torch.compile
    breaks the graph where they are made; not under torch.func in training.

    Raises ValueError if r_max < 1 or d_max < 0.
    """

    def __init__(
        self,
        channels: int,
        r_max: float = 3.0,
        d_max: float = 5.0,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
    ) -> None:
        super().__init__(channels, eps, momentum, affine)
        if r_max < 1 or d_max < 0:
            raise ValueError(f"expected r_max >= 1 and d_max >= 0, found {r_max} and {d_max}")
        self.r_max, self.d_max = r_max, d_max

    def train_step(self, x: Tensor) -> Tensor:
        centred, mean, var = moments(x)
        r, d = self.correction(mean.detach(), var.detach())
        y = self.scaled(centred * (var + self.eps).rsqrt() * r + d)
        self.tracked(mean, var, x.numel() // self.channels)
        return y

    # In one graph with the step that moves the buffers, torch.compile's backward takes r and d from
    # the moved ones (torch 2.14, aot_eager: wrong gradients, silently).
    @torch.compiler.disable  # type: ignore[untyped-decorator]
    @torch.no_grad()
    def correction(self, mean: Tensor, var: Tensor) -> tuple[Tensor, Tensor]:
        """r and d of a batch of this mean and biased variance, in the same shape."""
        assert self.running_mean is not None
        assert self.running_var is not None
        sigma = (self.running_var + self.eps).sqrt().view_as(var)
        r = ((var + self.eps).sqrt() / sigma).clamp(1 / self.r_max, self.r_max)
        d = ((mean - self.running_mean.view_as(mean)) / sigma).clamp(-self.d_max, self.d_max)
        return r, d

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, r_max={self.r_max}, d_max={self.d_max}"


NORM = Norm(
    name="batch_renorm",
    build=BatchRenorm,
    pools_over="batch and space, corrected by the running statistics",
    source="Ioffe 2017, section 3, algorithm 1",
    conventions="training normalises by the biased variance, then by r and d, clipped at r_max 3 and "
    "d_max 5 (the paper raises them to these values during training), without gradient; running_var "
    "tracks the unbiased variance (the paper: the standard deviation); momentum 0.1 weighs the new "
    "batch; eps 1e-5 inside each square root; statistics in float32 at least",
)
