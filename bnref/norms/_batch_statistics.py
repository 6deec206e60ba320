"""What the relatives of batch norm share: statistics over the batch that autograd differentiates."""

from __future__ import annotations

import torch
from torch import Tensor

from bnref.norms.batch_norm import BatchNorm


def checked(x: Tensor, channels: int, least: int = 2) -> Tensor:
    """x (N, C, ...) itself. ValueError if the channels differ or one has fewer than `least` values."""
    if x.dim() < 2 or x.shape[1] != channels:
        raise ValueError(f"expected (N, {channels}, ...), found {tuple(x.shape)}")
    if x.numel() // channels < least:
        raise ValueError(
            "expected more than one value per channel to normalise by their "
            f"variance, found input of shape {tuple(x.shape)}"
        )
    return x


def batch_mean(x: Tensor) -> Tensor:
    """The mean over the batch and space (1, C, 1, ...)."""
    return x.mean((0, *range(2, x.dim())), keepdim=True)


def moments(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """x - mean, the mean and the biased variance (1, C, 1, ...) of a batch."""
    mean = batch_mean(x)
    centred = x - mean  # before the square: E[x^2] - E[x]^2 cancels
    return centred, mean, batch_mean(centred * centred)


def movable(buffer: Tensor, by: Tensor) -> None:
    """Raises torch.func's RuntimeError, before anything moves, where `buffer` cannot be moved by this."""
    buffer.add_(by[:0].sum())


class BatchStatistics(BatchNorm):
    """BatchNorm with another training step: a subclass defines `train_step`.

    Construction, evaluation, buffers, state dict and errors are BatchNorm's. `train_step` gets a
    batch of at least two values per channel in float32 or wider, and moves the buffers itself, last.
    """

    def forward(self, x: Tensor) -> Tensor:
        if not self.training and self.running_mean is not None:
            return super().forward(x)
        checked(x, self.channels)
        if x.dtype in (torch.float16, torch.bfloat16):
            return self.train_step(x.float()).to(x.dtype)
        return self.train_step(x)

    def train_step(self, x: Tensor) -> Tensor:
        raise NotImplementedError

    def scaled(self, xhat: Tensor) -> Tensor:
        """`weight * xhat + bias`, or xhat itself without them."""
        if self.weight is None or self.bias is None:
            return xhat
        shape = (-1, *(1,) * (xhat.dim() - 2))
        return xhat * self.weight.view(shape) + self.bias.view(shape)

    @torch.no_grad()
    def tracked(self, mean: Tensor, var: Tensor, count: int) -> None:
        """Moves the buffers, if there are any, towards mean and biased variance (1, C, 1, ...)."""
        if self.running_mean is not None:
            movable(self.running_mean, mean)
            self.track(mean.detach().view(-1), var.detach().view(-1), count)
