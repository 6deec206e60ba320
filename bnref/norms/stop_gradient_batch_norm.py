"""Batch norm whose gradient takes the statistics for constants: what batch norm is *not*.

    forward     y = weight * (x - mean) / sqrt(var + eps) + bias      var biased, of this batch
    backward    dx = weight * dy / sqrt(var + eps)      nothing through mean and var

Source: Ioffe & Szegedy 2015, section 2: why the gradient must know about the normalisation.
"""

from __future__ import annotations

from typing import Literal

from torch import Tensor

from bnref.norms._batch_statistics import BatchStatistics, batch_mean
from bnref.norms._norm import Norm


class StopGradientBatchNorm(BatchStatistics):
    """BatchNorm (N, C, ...) with a wrong gradient on purpose; forward and evaluation are the same.

    `stop` says through what no gradient flows: "both", "mean" or "var" (the other one is then
    differentiated as it should be). `momentum` is the weight of the new batch. Errors, buffers and
    state dict are BatchNorm's; float32 at least. Differentiable any number of times, each time with
    the statistics constant; torch.func in training needs track_running_stats=False.

    Raises ValueError if `stop` is none of the three.
    """

    def __init__(
        self,
        channels: int,
        stop: Literal["both", "mean", "var"] = "both",
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
    ) -> None:
        super().__init__(channels, eps, momentum, affine, track_running_stats)
        if stop not in ("both", "mean", "var"):
            raise ValueError(f"expected stop 'both', 'mean' or 'var', found {stop!r}")
        self.stop = stop

    def train_step(self, x: Tensor) -> Tensor:
        mean = batch_mean(x)
        centred = x - (mean if self.stop == "var" else mean.detach())
        var = batch_mean(centred * centred)
        rstd = ((var if self.stop == "mean" else var.detach()) + self.eps).rsqrt()
        y = self.scaled(centred * rstd)
        self.tracked(mean, var, x.numel() // self.channels)
        return y

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, stop={self.stop!r}"


NORM = Norm(
    name="stop_gradient_batch_norm",
    build=StopGradientBatchNorm,
    pools_over="batch and space",
    source="Ioffe & Szegedy 2015, section 2",
    conventions="no gradient through mean and variance; all else as batch_norm: training normalises "
    "by the biased variance, running_var tracks the unbiased one; momentum 0.1 weighs the new batch; "
    "eps 1e-5 inside the square root; statistics in float32 at least",
)
