"""SkipInit: a residual branch multiplied by one learnt number instead of normalised.

    y = x + alpha * branch(x)      alpha a parameter, 0 at first

Source: De & Smith 2020, section 3.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class SkipInit(nn.Module):
    """A residual block around `branch`, for any input and shape that `x + branch(x)` allows.

    alpha is one number for the whole block; the paper advises 0, and at most 1 / sqrt(blocks). At 0
    the block is the identity and the branch's own gradients are zero until alpha has moved.
    `shortcut` replaces x where the shape changes. Training and evaluation are the same. Computes in
    the type of the branch. Differentiable twice and usable under torch.func if the branch is.
    """

    def __init__(
        self, branch: nn.Module, alpha: float = 0.0, shortcut: nn.Module | None = None
    ) -> None:
        super().__init__()
        self.branch = branch
        self.shortcut = nn.Identity() if shortcut is None else shortcut
        self.alpha = nn.Parameter(torch.tensor(alpha))

    def forward(self, x: Tensor) -> Tensor:
        return self.shortcut(x) + self.alpha * self.branch(x)
