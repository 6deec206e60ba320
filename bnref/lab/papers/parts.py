"""What the papers' networks are put together from."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from bnref.lab.nets import has_shift

Builder = Callable[[int], nn.Module]
"""Channels -> a fresh normaliser."""


def convolution(
    norm: Builder, inputs: int, out: int, size: int = 3, stride: int = 1
) -> tuple[nn.Module, nn.Module]:
    """A convolution that keeps the maps' size at stride 1, and the normaliser of its output.

    It has a bias only where the normaliser has none, as in `bnref.lab.nets`.
    """
    normaliser = norm(out)
    bias = not has_shift(normaliser)
    return nn.Conv2d(inputs, out, size, stride, size // 2, bias=bias), normaliser


class Sum(nn.Module):
    """shortcut(x) + branch(x), for any input on which both give one shape."""

    def __init__(self, branch: nn.Module, shortcut: nn.Module) -> None:
        super().__init__()
        self.branch = branch
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        """The sum of the two paths."""
        y: Tensor = self.shortcut(x) + self.branch(x)
        return y


class Concatenation(nn.Module):
    """The channels of all branches, in their order."""

    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, sum of the branches' channels, H', W')."""
        return torch.cat([branch(x) for branch in self.branches], 1)
