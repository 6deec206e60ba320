"""lp Batch Normalization: batch norm that divides by an l1, l2 or largest-value norm.

    training     y = weight * (x - mean) / scale + bias
                 scale = (moment + eps)^(1/p), moment = E|z|^p      or max|z| + eps where p is inf
                 z = x ("before shifting the mean"), or x - mean where centred=True
    evaluation   the same with running_mean and running_moment

Source: Santurkar et al. 2018, section 3.3.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from bnref.norms._batch_statistics import batch_mean, checked, movable
from bnref.norms._channels import along, moved
from bnref.norms._norm import Norm


class LpBatchNorm(nn.Module):
    """Input (N, C, ...); E and max run over the batch and space; p is 1, 2 or math.inf.

    The paper says "before shifting the mean": z is not centred unless `centred=True`, whose p = 2 is
    batch norm. `momentum` is the weight of the new batch, None averages all equally; the moment is
    tracked as it is, without Bessel's correction. Buffers begin at 0 and 1 and move in place;
    statistics in float32 at least. Where |z| has a corner the gradient is the mean of both sides
    (0 at 0, shared among equal maxima). Differentiable twice; not under torch.func in training.

    Raises ValueError, before any buffer moves, if the channels differ or a channel has one value.
    """

    running_mean: Tensor
    running_moment: Tensor
    num_batches_tracked: Tensor

    def __init__(
        self,
        channels: int,
        p: float = 1,
        centred: bool = False,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
    ) -> None:
        super().__init__()
        if p not in (1, 2, math.inf):
            raise ValueError(f"expected p 1, 2 or inf, found {p}")
        self.channels, self.p, self.centred = channels, p, centred
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_moment", torch.ones(channels))
        self.register_buffer("num_batches_tracked", torch.tensor(0))

    def forward(self, x: Tensor) -> Tensor:
        checked(x, self.channels, least=2 if self.training else 0)
        if x.dtype in (torch.float16, torch.bfloat16):
            return self.forward(x.float()).to(x.dtype)
        if self.training:
            mean = batch_mean(x)
            moment = self.moment(x - mean if self.centred else x)
        else:  # copies: the buffers may move before backward
            mean, moment = (
                along(self.running_mean.clone(), x),
                along(self.running_moment.clone(), x),
            )
        inverse = (moment + self.eps) ** (-1 if self.p == math.inf else -1 / self.p)
        y = (x - mean) * (along(self.weight, x) * inverse) + along(self.bias, x)
        if self.training:
            self.track(mean.detach().view(-1), moment.detach().view(-1))
        return y

    def moment(self, z: Tensor) -> Tensor:
        """E|z|^p, or the largest |z|, over the batch and space (1, C, 1, ...)."""
        if self.p == math.inf:
            return z.abs().amax((0, *range(2, z.dim())), keepdim=True)
        return batch_mean(z.abs() if self.p == 1 else z * z)

    @torch.no_grad()
    def track(self, mean: Tensor, moment: Tensor) -> None:
        """Moves the buffers towards a batch: running = (1 - momentum) * running + momentum * new."""
        movable(self.running_mean, mean)
        self.num_batches_tracked.add_(1)
        weight: float | Tensor | None = self.momentum
        if weight is None:
            weight = 1 / self.num_batches_tracked.double()
        moved(self.running_mean, 1 - weight, mean, weight)
        moved(self.running_moment, 1 - weight, moment, weight)

    def extra_repr(self) -> str:
        return (
            f"{self.channels}, p={self.p}, centred={self.centred}, eps={self.eps}, "
            f"momentum={self.momentum}"
        )


NORM = Norm(
    name="lp_batch_norm",
    build=LpBatchNorm,
    pools_over="batch and space",
    source="Santurkar et al. 2018, section 3.3",
    conventions="p 1, of values that are not centred; eps 1e-5 is added to the moment before the "
    "root; running_moment tracks the moment without Bessel's correction; momentum 0.1 weighs the new "
    "batch; evaluation uses the running statistics; statistics in float32 at least",
)
