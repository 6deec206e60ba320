"""Ghost Batch Normalization: batch norm of each small "ghost" batch within the batch.

    training     y = weight * (x - mean_g) / sqrt(var_g + eps) + bias      of the sample's ghost g
    evaluation   as batch norm, with running_mean and running_var

Source: Hoffer, Hubara & Soudry 2017, algorithm 1.
"""

from __future__ import annotations

import torch
from torch import Tensor

from bnref.norms._batch_statistics import BatchStatistics, checked, moments
from bnref.norms._norm import Norm


class GhostBatchNorm(BatchStatistics):
    """Input (N, C, ...), split along N into ghosts of `ghost` samples; the last may be smaller.

    Each ghost normalises by its own biased variance. `momentum` is the weight of the new *batch*:
    one update per step, by the ghosts' means and unbiased variances averaged with their sizes as
    weights. With `sequential=True` it is the weight of the new *ghost*: one update per ghost, as the
    authors' code does; then K ghosts keep (1 - momentum)^K of the old value and the last one weighs
    most. Evaluation is BatchNorm's, as is everything for `ghost` >= N; float32 at least; state
    dict as in torch. Differentiable twice; torch.func in training needs track_running_stats=False.

    Raises ValueError, before any buffer moves, as BatchNorm does, for the smallest ghost.
    """

    def __init__(
        self,
        channels: int,
        ghost: int = 32,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        sequential: bool = False,
    ) -> None:
        super().__init__(channels, eps, momentum, affine, track_running_stats)
        if ghost < 1:
            raise ValueError(f"expected ghosts of at least one sample, found {ghost}")
        self.ghost, self.sequential = ghost, sequential

    def train_step(self, x: Tensor) -> Tensor:
        ghosts = [checked(ghost, self.channels) for ghost in x.split(self.ghost)]
        counts = [ghost.numel() // self.channels for ghost in ghosts]
        centred, means, variances = zip(*map(moments, ghosts), strict=True)
        scales = [(var + self.eps).rsqrt() for var in variances]
        y = self.scaled(torch.cat([c * s for c, s in zip(centred, scales, strict=True)]))
        if self.sequential:
            for count, mean, var in zip(counts, means, variances, strict=True):
                self.tracked(mean, var, count)
        else:
            n = sum(counts)
            mean = sum(c / n * m for c, m in zip(counts, means, strict=True))
            unbiased = sum(c / n * c / (c - 1) * v for c, v in zip(counts, variances, strict=True))
            self.tracked(mean, unbiased * (n - 1) / n, n)  # of which `track` takes n / (n - 1)
        return y

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, ghost={self.ghost}, sequential={self.sequential}"


NORM = Norm(
    name="ghost_batch_norm",
    build=GhostBatchNorm,
    pools_over="a ghost batch (32 consecutive samples) and space",
    source="Hoffer, Hubara & Soudry 2017, algorithm 1",
    conventions="training normalises by the biased variance of each ghost; running_var tracks the "
    "unbiased variances of the ghosts, averaged, in one update per step; momentum 0.1 weighs the "
    "new batch (sequential=True: each ghost in turn); eps 1e-5 inside the square root; "
    "statistics in float32 at least",
)
