"""No normalisation: the control arm of every comparison."""

from __future__ import annotations

from torch import Tensor, nn

from bnref.norms._norm import Norm


class Identity(nn.Module):
    """y = x of any shape, in training and evaluation. No parameters, no buffers, no errors."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels

    def forward(self, x: Tensor) -> Tensor:
        return x


NORM = Norm(
    name="identity",
    build=Identity,
    pools_over="nothing",
    source="control",
    conventions="returns its input itself, not a copy",
)
