"""Batch Normalization: one mean and one variance per channel, over the batch and space.

    training     y = weight * (x - mean) / sqrt(var + eps) + bias      var biased, of this batch
    evaluation   the same with running_mean and running_var

Source: Ioffe & Szegedy 2015, algorithms 1 and 2, section 3.1; section 3.2 for feature maps.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from bnref.norms._channels import affine, along
from bnref.norms._norm import Norm


class BatchNorm(nn.Module):
    """BatchNorm of any input (N, C, ...): of one dimension, two or three, or none.

    Training normalises by the biased variance of the m = N * space values of a channel and moves
    the buffers, in place, towards mean and *unbiased* variance. `momentum` is the weight of the new
    batch (torch's convention; others give it to the old value), None averages all batches equally.
    Evaluation uses the buffers; without them (`track_running_stats=False`) it is as in training.
    Statistics are taken in float32 at least; the output has the input's dtype and memory format.
    State dict as in torch.nn.BatchNorm*d. Differentiable twice; not under torch.func in training.

    Raises ValueError, before any buffer moves, if the channels differ or a channel has one value.
    """

    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self,
        channels: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
    ) -> None:
        super().__init__()
        self.channels, self.eps, self.momentum = channels, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        self.weight = nn.Parameter(torch.ones(channels)) if affine else None
        self.bias = nn.Parameter(torch.zeros(channels)) if affine else None
        tracked = track_running_stats
        self.register_buffer("running_mean", torch.zeros(channels) if tracked else None)
        self.register_buffer("running_var", torch.ones(channels) if tracked else None)
        self.register_buffer("num_batches_tracked", torch.tensor(0) if tracked else None)

    def forward(self, x: Tensor) -> Tensor:
        if x.dim() < 2 or x.shape[1] != self.channels:
            raise ValueError(f"expected (N, {self.channels}, ...), found {tuple(x.shape)}")
        if x.dtype in (torch.float16, torch.bfloat16):
            return self.forward(x.float()).to(x.dtype)
        weight: Tensor | None = self.weight
        bias: Tensor | None = self.bias
        if weight is None or bias is None:
            weight, bias = x.new_ones(self.channels), x.new_zeros(self.channels)
        mean, var = self.running_mean, self.running_var
        if not self.training and mean is not None and var is not None:
            # Autograd keeps rstd and mean * rstd, not the buffers, which may move before backward.
            rstd = (var + self.eps).rsqrt()
            return affine(x, along(weight * rstd, x), along(bias - weight * (mean * rstd), x))
        count = x.numel() // self.channels
        if count < 2:
            raise ValueError(
                "expected more than one value per channel to normalise by their "
                f"variance, found input of shape {tuple(x.shape)}"
            )
        y, batch_mean, batch_var = _Normalise.apply(x, weight, bias, self.eps)
        if mean is not None:
            self.track(batch_mean, batch_var, count)
        return y

    def track(self, mean: Tensor, var: Tensor, count: int) -> None:
        """Moves the buffers towards a batch: its mean and biased variance (C,) of `count` values.

        running = (1 - momentum) * running + momentum * new, with var * count / (count - 1) for the
        variance. With momentum None the k-th batch weighs 1 / k: the plain average of all.
        """
        running_mean, running_var = self.running_mean, self.running_var
        batches, weight = self.num_batches_tracked, self.momentum
        assert running_mean is not None, "track_running_stats=False: nothing to move"
        assert running_var is not None
        assert batches is not None
        batches.add_(1)
        if weight is None:
            weight = 1 / int(batches)
        running_mean.mul_(1 - weight).add_(mean, alpha=weight)
        running_var.mul_(1 - weight).add_(var, alpha=weight * count / (count - 1))

    def reset_running_stats(self) -> None:
        """Puts the buffers back to no batch seen: mean 0, variance 1."""
        if self.running_mean is not None and self.running_var is not None:
            self.running_mean.zero_()
            self.running_var.fill_(1)
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.zero_()

    def extra_repr(self) -> str:
        return (
            f"{self.channels}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"track_running_stats={self.track_running_stats}"
        )


def _mean(x: Tensor) -> Tensor:
    """The mean over the batch and space (1, C, 1, ...)."""
    return x.mean((0, *range(2, x.dim())), keepdim=True)


class _Normalise(torch.autograd.Function):
    """y, mean and biased variance of a batch, with the backward pass written out.

    With E the mean over the batch and space, xc = x - mean, rstd = 1 / sqrt(var + eps):
    dx = weight * rstd * (dy - E[dy] - xc * rstd^2 * E[dy * xc]).
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, eps: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        mean = _mean(x)
        centred = x - mean  # before the square: E[x^2] - E[x]^2 cancels
        var = _mean(centred * centred)
        rstd = (var + eps).rsqrt_()
        ctx.save_for_backward(x, weight, centred, rstd)
        ctx.eps = eps
        y = affine(centred, along(weight, x) * rstd, along(bias, x))
        mean, var = mean.view(-1), var.view(-1)
        ctx.mark_non_differentiable(mean, var)
        return y, mean, var

    @staticmethod
    def backward(ctx: Any, dy: Tensor, *_: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        x, weight, centred, rstd = ctx.saved_tensors
        if torch.is_grad_enabled():
            # What forward saved is constant to autograd; a second derivative needs it as f(x).
            centred = x - _mean(x)
            rstd = (_mean(centred * centred) + ctx.eps).rsqrt()
        scale = along(weight, x) * rstd
        dbias = _mean(dy)  # over count, as dweight
        dweight = _mean(dy * centred) * rstd
        dx = affine(centred, dweight * rstd * -scale, dbias * -scale).addcmul_(dy, scale)
        count = x.numel() // x.shape[1]
        return dx, (dweight * count).view(-1), (dbias * count).view(-1), None


NORM = Norm(
    name="batch_norm",
    build=BatchNorm,
    pools_over="batch and space",
    source="Ioffe & Szegedy 2015, section 3, algorithms 1 and 2",
    conventions="training normalises by the biased variance, running_var tracks the unbiased one; "
    "momentum 0.1 weighs the new batch; evaluation uses the running statistics; eps 1e-5 inside "
    "the square root; statistics in float32 at least",
)
