"""Synchronised Batch Normalization: batch norm of the batch that is spread over several ranks.

    training     y = weight * (x - mean) / sqrt(var + eps) + bias      of the joined batch
    evaluation   as batch norm, with running_mean and running_var

Source: Peng et al. 2018 (MegDet), section 3.3; the backward pass is Ioffe & Szegedy 2015, section 3,
with every mean taken over all ranks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from bnref.norms._channels import along
from bnref.norms._norm import Norm
from bnref.norms.batch_norm import BatchNorm


class SyncBatchNorm(BatchNorm):
    """Input (N, C, ...) on each rank of `group` (None: all ranks), of any N, none included.

    Normalises by the biased variance of all values of a channel on all ranks; every rank's buffers
    move alike, by `momentum` of the new batch and the unbiased variance of the joined batch. A rank
    returns dweight and dbias of its own values, dx of the loss summed over ranks. Forward all-reduces
    count, sum and sum of squares, backward once: every rank must take part in both. Without an
    initialised process group there is one rank, and `shards` plays several. Evaluation, dtype and
    state dict are BatchNorm's. Differentiable twice; not under torch.func in training.

    Raises ValueError, on every rank and before any buffer moves, if the channels differ or a channel
    has one value on all ranks together.
    """

    def __init__(
        self,
        channels: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        group: dist.ProcessGroup | None = None,
    ) -> None:
        super().__init__(channels, eps, momentum, affine, track_running_stats)
        self.group = group

    def forward(self, x: Tensor) -> Tensor:
        if not self.training and self.running_mean is not None:
            return super().forward(x)
        return self._joined([x], _is_distributed())[0]

    def shards(self, shards: Sequence[Tensor]) -> list[Tensor]:
        """What each of len(shards) ranks would return, in one process; the buffers move once.

        As on real ranks, except that weight and bias are shared: their gradients are the ranks' sum.
        """
        if not self.training and self.running_mean is not None:
            return [BatchNorm.forward(self, x) for x in shards]
        return self._joined(shards, False)

    def _joined(self, shards: Sequence[Tensor], distributed: bool) -> list[Tensor]:
        """One training step; `distributed` asks the other ranks for their shards."""
        dtypes = [x.dtype for x in shards]
        half = (torch.float16, torch.bfloat16)
        wide = [x.float() if x.dtype in half else x for x in shards]
        wrong = [x for x in wide if x.dim() < 2 or x.shape[1] != self.channels]
        # A rank that is wrong alone still takes part, or the others would wait for it.
        group = self.group if distributed else None
        count, bad = sum(x.numel() // self.channels for x in wide), len(wrong)
        if distributed:
            known = torch.tensor([count, bad], device=wide[0].device)
            dist.all_reduce(known, group=group)
            count, bad = known.tolist()
        shapes = ", ".join(str(tuple(x.shape)) for x in wrong or wide)
        if bad:
            raise ValueError(f"expected (N, {self.channels}, ...) on every rank, found {shapes}")
        if count < 2:
            raise ValueError(
                "expected more than one value per channel on all ranks to normalise by "
                f"their variance, found input of shape {shapes}"
            )
        weight: Tensor | None = self.weight
        bias: Tensor | None = self.bias
        if weight is None or bias is None:
            weight, bias = wide[0].new_ones(self.channels), wide[0].new_zeros(self.channels)
        *ys, mean, var = _Normalise.apply(weight, bias, self.eps, count, distributed, group, *wide)
        if self.running_mean is not None:
            self.track(mean, var, count)
        return [y.to(dtype) for y, dtype in zip(ys, dtypes, strict=True)]


def _is_distributed() -> bool:
    return dist.is_available() and dist.is_initialized()


class _AllReduce(torch.autograd.Function):
    """The sum over the ranks of a group, on every rank. It is its own adjoint."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, group: Any) -> Tensor:
        ctx.group = group
        total = x.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(total, group=group)
        return total

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor, None]:
        return _AllReduce.apply(dy, ctx.group), None


def _sum(values: Tensor) -> Tensor:
    """The sum over the batch and space (C,)."""
    return values.sum((0, *range(2, values.dim())))


def _over_ranks(sums: list[Tensor], distributed: bool, group: Any) -> Tensor:
    """The sum of these and of what the other ranks hold."""
    total = torch.stack(sums).sum(0)
    return _AllReduce.apply(total, group) if distributed else total


def _centre(
    shards: Sequence[Tensor], eps: float, count: int, distributed: bool, group: Any
) -> tuple[list[Tensor], Tensor, Tensor]:
    """x - mean of each shard, mean and biased variance (C,) of all: the mean first, no cancellation."""
    mean = _over_ranks([_sum(x) for x in shards], distributed, group) / count
    centred = [x - along(mean, x) for x in shards]
    return centred, mean, _over_ranks([_sum(c * c) for c in centred], distributed, group) / count


class _Normalise(torch.autograd.Function):
    """The shards' y, and mean and biased variance of all; the backward pass written out.

    With E the mean over the batch and space of all ranks, xc = x - mean, rstd = 1 / sqrt(var + eps):
    dx = weight * rstd * (dy - E[dy] - xc * rstd^2 * E[dy * xc]); dweight and dbias are this rank's.
    """

    @staticmethod
    def forward(
        ctx: Any,
        weight: Tensor,
        bias: Tensor,
        eps: float,
        count: int,
        distributed: bool,
        group: Any,
        *shards: Tensor,
    ) -> tuple[Tensor, ...]:
        centred, mean, var = _centre(shards, eps, count, distributed, group)
        ctx.save_for_backward(weight, mean, (var + eps).rsqrt(), *shards)
        ctx.eps, ctx.count, ctx.distributed, ctx.group = eps, count, distributed, group
        scale = weight * (var + eps).rsqrt()
        ctx.mark_non_differentiable(mean, var)
        return (*(c * along(scale, c) + along(bias, c) for c in centred), mean, var)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        weight, mean, rstd, *shards = ctx.saved_tensors
        dys, where = gradients[: len(shards)], (ctx.distributed, ctx.group)
        if torch.is_grad_enabled():
            # What forward saved is constant to autograd; a second derivative needs it as f(x).
            centred, mean, var = _centre(shards, ctx.eps, ctx.count, *where)
            rstd = (var + ctx.eps).rsqrt()
        else:
            centred = [x - along(mean, x) for x in shards]
        dbias = [_sum(dy) for dy in dys]
        dweight = [_sum(dy * c) * rstd for dy, c in zip(dys, centred, strict=True)]
        both = _over_ranks([torch.stack(two) for two in zip(dbias, dweight, strict=True)], *where)
        shift, slope = both / ctx.count
        dxs = [
            along(weight * rstd, c) * (dy - along(shift, c) - c * along(slope * rstd, c))
            for dy, c in zip(dys, centred, strict=True)
        ]
        own = torch.stack(dweight).sum(0), torch.stack(dbias).sum(0)
        return *own, None, None, None, None, *dxs


NORM = Norm(
    name="sync_batch_norm",
    build=SyncBatchNorm,
    pools_over="batch and space, over all ranks",
    source="Peng et al. 2018, section 3.3",
    conventions="training normalises by the biased variance of the joined batch, running_var tracks "
    "the unbiased one; momentum 0.1 weighs the new batch; evaluation uses the running statistics; "
    "eps 1e-5 inside the square root; statistics in float32 at least; one rank without a process group",
)
