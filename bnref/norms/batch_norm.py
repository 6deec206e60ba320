"""Batch Normalization: one mean and one variance per channel, over the batch and space.

    training     y = weight * (x - mean) / sqrt(var + eps) + bias      var biased, of this batch
    evaluation   the same with running_mean and running_var

Source: Ioffe & Szegedy 2015, algorithms 1 and 2, section 3.1; section 3.2 for feature maps.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from bnref.norms._channels import (
    add_products,
    affine,
    along,
    channel_sum,
    moved,
    pieces,
    whole,
    wide,
)
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
        weight: Tensor | None = self.weight
        bias: Tensor | None = self.bias
        if weight is None or bias is None:
            dtype = wide(x.dtype)
            weight = x.new_ones(self.channels, dtype=dtype)
            bias = x.new_zeros(self.channels, dtype=dtype)
        mean, var = self.running_mean, self.running_var
        if not self.training and mean is not None and var is not None:
            # Autograd keeps rstd and mean * rstd, not the buffers, which may move before backward.
            rstd = (var + self.eps).rsqrt()
            shift = bias - weight * (mean * rstd)
            y = affine(x.to(wide(x.dtype)), along(weight * rstd, x), along(shift, x))
            return y.to(x.dtype)
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
        batches = self.num_batches_tracked
        weight: float | Tensor | None = self.momentum
        assert running_mean is not None, "track_running_stats=False: nothing to move"
        assert running_var is not None
        assert batches is not None
        batches.add_(1)
        if weight is None:
            weight = 1 / batches.double()
        moved(running_mean, 1 - weight, mean, weight)
        moved(running_var, 1 - weight, var, weight * count / (count - 1))

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


class _Normalise(torch.autograd.Function):
    """y, mean and biased variance of a batch, with the backward pass written out.

    With E the mean over the batch and space, xc = x - mean, rstd = 1 / sqrt(var + eps):
    dx = weight * rstd * (dy - E[dy] - xc * rstd^2 * E[dy * xc]).
    Backward keeps x, weight, mean and rstd, as native code does. Each pass computes xc in the memory
    of its result.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, eps: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        count, dtype = x.numel() // x.shape[1], wide(x.dtype)
        mean = channel_sum(x.to(dtype)) / count
        if whole(x):
            y = x - mean  # before the square: E[x^2] - E[x]^2 cancels
            squares: Tensor | None = y * y
        else:
            y, squares = torch.empty_like(x, dtype=dtype), None
            for given, centred in pieces(x, y):
                torch.sub(given, mean, out=centred)
                squares = add_products(squares, centred, centred)
        assert squares is not None  # a batch of two values has a piece
        var = channel_sum(squares) / count
        rstd = (var + eps).rsqrt_()
        ctx.save_for_backward(x, weight, mean, rstd)
        ctx.eps = eps
        affine(y, along(weight, x) * rstd, along(bias, x), out=y)
        mean, var = mean.view(-1), var.view(-1)
        ctx.mark_non_differentiable(mean, var)
        return y.to(x.dtype), mean, var

    @staticmethod
    def backward(ctx: Any, dy: Tensor, *_: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        x, weight, mean, rstd = ctx.saved_tensors
        if torch.is_grad_enabled():
            return *_differentiable_backward(dy, x, weight, ctx.eps), None
        count, dtype = x.numel() // x.shape[1], wide(x.dtype)
        dy = dy.to(dtype)
        if whole(x):
            dx, dbias = x - mean, channel_sum(dy)
            products: Tensor | None = dx * dy
        else:
            dx, dbias, products = torch.empty_like(x, dtype=dtype), torch.zeros_like(mean), None
            for given, dy_piece, centred in pieces(x, dy, dx):
                torch.sub(given, mean, out=centred)
                products = add_products(products, centred, dy_piece)
                dbias += channel_sum(dy_piece)
        assert products is not None
        dweight = channel_sum(products) * rstd
        scale = along(weight, x) * rstd
        share = scale / -count
        slope, shift = dweight * rstd * share, dbias * share
        for dy_piece, centred in pieces(dy, dx):
            affine(centred, slope, shift, out=centred).addcmul_(dy_piece, scale)
        return dx.to(x.dtype), dweight.view(-1), dbias.view(-1), None


def _differentiable_backward(
    dy: Tensor, x: Tensor, weight: Tensor, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """dx, dweight and dbias as functions of x, dy and weight that autograd differentiates.

    What forward saved is constant to autograd, and what is written in place has no second derivative.
    """
    count, dtype = x.numel() // x.shape[1], wide(x.dtype)
    given, dy = x.to(dtype), dy.to(dtype)
    centred = given - channel_sum(given) / count
    rstd = (channel_sum(centred * centred) / count + eps).rsqrt()
    xhat = centred * rstd
    dbias, dweight = channel_sum(dy), channel_sum(dy * xhat)
    dx = along(weight, x) * rstd * (dy - dbias / count - xhat * (dweight / count))
    return dx.to(x.dtype), dweight.view(-1), dbias.view(-1)


NORM = Norm(
    name="batch_norm",
    build=BatchNorm,
    pools_over="batch and space",
    source="Ioffe & Szegedy 2015, section 3, algorithms 1 and 2",
    conventions="training normalises by the biased variance, running_var tracks the unbiased one; "
    "momentum 0.1 weighs the new batch; evaluation uses the running statistics; eps 1e-5 inside "
    "the square root; statistics in float32 at least",
)
