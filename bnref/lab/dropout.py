"""Dropout whose draws are the seed's (Srivastava et al. 2014, section 4)."""

import torch
from torch import Tensor, nn

from bnref.lab.randomness import generator


class Dropout(nn.Module):
    """In training each number of the last two dimensions is 0 with probability `share`.

    The others are divided by 1 - share. What lies before the last two dimensions shares the draw: the
    copies of `bnref.lab.residual` stay alike. In evaluation y = x.
    """

    def __init__(self, share: float, seed: int) -> None:
        super().__init__()
        self.share = share
        self.draw = generator(seed, "dropout")

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        kept = torch.rand(x.shape[-2:], generator=self.draw) >= self.share
        return x * kept.to(x.device) / (1 - self.share)
