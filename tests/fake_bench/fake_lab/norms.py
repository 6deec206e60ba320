"""A layer that is none: it drops a channel."""

from torch import Tensor, nn


class Narrow(nn.Module):
    """Returns one channel less than it was given."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels

    def forward(self, x: Tensor) -> Tensor:
        """All channels but the last."""
        return x[:, :-1]
