"""The two halves of a batch norm apart, with the statistics of the batch at hand in every mode."""

import torch
from torch import Tensor, nn

EPS = 1e-5


class MeanOnly(nn.Module):
    """y = x - E[x] + beta, the mean over batch and space of each channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, ...) -> the same shape."""
        shift = self.bias.view(-1, *(1,) * (x.dim() - 2))
        return x - x.mean((0, *range(2, x.dim())), keepdim=True) + shift


class VarianceOnly(nn.Module):
    """y = gamma x / sqrt(Var[x] + eps) + beta: the mean stays in, as large as the deviations make it."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, ...) -> the same shape."""
        places = (0, *range(2, x.dim()))
        deviation = (x.var(places, correction=0, keepdim=True) + EPS).sqrt()
        weight, shift = (p.view(-1, *(1,) * (x.dim() - 2)) for p in (self.weight, self.bias))
        return weight * x / deviation + shift
