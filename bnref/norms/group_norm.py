"""Group Normalization: one mean and one variance per sample and group of channels, over space.

    y = weight * (x - mean) / sqrt(var + eps) + bias      var biased, weight and bias per channel

Source: Wu & He 2018, section 3, equations 1, 2, 6 and 7.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from bnref.norms._channels import affine, along
from bnref.norms._norm import Norm


class GroupNorm(nn.Module):
    """GroupNorm of any input (N, C, ...): channels in `groups` consecutive groups of equal size.

    Normalises by the biased variance of the m = C / groups * space values of a group in one sample.
    Training and evaluation are the same; there are no buffers and no momentum.
    Statistics are taken in float32 at least; the output has the input's dtype and memory format.
    State dict as in torch.nn.GroupNorm. Differentiable twice; not under torch.func.

    Raises ValueError if groups do not divide channels, channels differ, or a group has one value.
    """

    def __init__(self, channels: int, groups: int, eps: float = 1e-5, affine: bool = True) -> None:
        super().__init__()
        if groups < 1 or channels % groups:
            raise ValueError(f"expected groups that divide {channels} channels, found {groups}")
        self.channels, self.groups, self.eps, self.affine = channels, groups, eps, affine
        self.weight = nn.Parameter(torch.ones(channels)) if affine else None
        self.bias = nn.Parameter(torch.zeros(channels)) if affine else None

    def forward(self, x: Tensor) -> Tensor:
        if x.dim() < 2 or x.shape[1] != self.channels:
            raise ValueError(f"expected (N, {self.channels}, ...), found {tuple(x.shape)}")
        if x.shape[1:].numel() // self.groups == 1:
            raise ValueError(
                "expected more than one value per group and sample to normalise by "
                f"their variance, found {self.groups} groups in {tuple(x.shape)}"
            )
        if x.dtype in (torch.float16, torch.bfloat16):
            return self.forward(x.float()).to(x.dtype)
        weight: Tensor | None = self.weight
        bias: Tensor | None = self.bias
        if weight is None or bias is None:
            weight, bias = x.new_ones(self.channels), x.new_zeros(self.channels)
        y: Tensor = _Normalise.apply(x, weight, bias, self.groups, self.eps)
        return y

    def extra_repr(self) -> str:
        return f"{self.channels}, groups={self.groups}, eps={self.eps}, affine={self.affine}"


def _space_mean(x: Tensor) -> Tensor:
    """The mean over space (N, C, 1, ...)."""
    return x.mean(tuple(range(2, x.dim())), keepdim=True) if x.dim() > 2 else x


def _group_mean(space_mean: Tensor, groups: int) -> Tensor:
    """The mean over each group of channels, repeated for each of them (N, C, 1, ...)."""
    samples, channels = space_mean.shape[:2]
    grouped = space_mean.view(samples, groups, channels // groups)
    return grouped.mean(2, keepdim=True).expand_as(grouped).reshape(space_mean.shape)


class _Normalise(torch.autograd.Function):
    """The forward pass and, written out, the backward pass.

    With E the mean over a group and space, xc = x - mean, rstd = 1 / sqrt(var + eps):
    dx = rstd * (weight * dy - E[weight * dy] - xc * rstd^2 * E[weight * dy * xc]).
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, groups: int, eps: float
    ) -> Tensor:
        mean = _group_mean(_space_mean(x), groups)
        centred = x - mean  # before the square: no cancellation
        rstd = (_group_mean(_space_mean(centred * centred), groups) + eps).rsqrt_()
        ctx.save_for_backward(x, weight, mean, rstd)
        ctx.groups, ctx.eps = groups, eps
        return affine(centred, along(weight, x) * rstd, along(bias, x), out=centred)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None]:
        x, weight, mean, rstd = ctx.saved_tensors
        groups = ctx.groups
        if torch.is_grad_enabled():
            # What forward saved is constant to autograd; a second derivative needs it as f(x).
            mean = _group_mean(_space_mean(x), groups)
        centred = x - mean
        if torch.is_grad_enabled():
            rstd = (_group_mean(_space_mean(centred * centred), groups) + ctx.eps).rsqrt()
        gain = along(weight, x)
        dbias = _space_mean(dy)  # per sample, over space, as dweight
        dweight = _space_mean(dy * centred) * rstd
        slope = _group_mean(dweight * gain, groups) * rstd * -rstd
        shift = _group_mean(dbias * gain, groups) * -rstd
        dx = affine(centred, slope, shift).addcmul_(dy, gain * rstd)
        space = x.shape[2:].numel()
        return dx, dweight.sum(0).view(-1) * space, dbias.sum(0).view(-1) * space, None, None


def default_groups(channels: int) -> int:
    """The largest power of two, 32 at most, that leaves at least two channels in each group.

    32 is the paper's number of groups; one group (layer norm) where nothing else divides.
    """
    return next(g for g in (32, 16, 8, 4, 2, 1) if g == 1 or channels % (2 * g) == 0)


def build(channels: int) -> GroupNorm:
    """GroupNorm with `default_groups`."""
    return GroupNorm(channels, default_groups(channels))


NORM = Norm(
    name="group_norm",
    build=build,
    pools_over="a group of channels and space, per sample",
    source="Wu & He 2018, section 3",
    conventions="biased variance; eps 1e-5 inside the square root; weight and bias per channel; "
    "no running statistics: training and evaluation are the same; statistics in float32 at least; "
    "groups: the largest power of two up to 32 that leaves at least two channels per group",
)
