"""Tiny models with one fault each, and the same without."""

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint


class Net(nn.Module):
    """Convolution, batch norm, head: the norm is the fault's place."""

    def __init__(self, norm: nn.Module | None = None, channels: int = 6):
        super().__init__()
        torch.manual_seed(3)
        self.conv = nn.Conv2d(3, channels, 3)
        self.bn = nn.BatchNorm2d(channels) if norm is None else norm
        self.head = nn.Linear(channels, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.bn(self.conv(x)).relu().mean((2, 3)))


class KeptFrozen(Net):
    """train() leaves the norm in eval mode."""

    def train(self, mode: bool = True) -> "KeptFrozen":
        super().train(mode)
        self.bn.eval()
        return self


class Checkpointed(Net):
    """Recomputes the norm in the backward pass."""

    def __init__(self, reentrant: bool):
        super().__init__()
        self.reentrant = reentrant

    def forward(self, x: Tensor) -> Tensor:
        y = checkpoint(self.bn, self.conv(x), use_reentrant=self.reentrant)
        return self.head(y.mean((2, 3)))


class Siamese(Net):
    """Calls its norm on two inputs, the second moved by `shift`."""

    def __init__(self, shift: float):
        super().__init__()
        self.shift = shift

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + super().forward(x + self.shift)


class HandMade(nn.Module):
    """A batch norm as people write it. `momentum` is the weight of the new batch unless `keras`."""

    def __init__(self, channels=6, momentum=0.1, *, keras=False, saved=True, in_place=True):
        super().__init__()
        self.momentum, self.keras, self.in_place = momentum, keras, in_place
        mean, var = torch.zeros(channels), torch.ones(channels)
        if saved:
            self.register_buffer("running_mean", mean)
            self.register_buffer("running_var", var)
        else:
            self.running_mean, self.running_var = mean, var

    def forward(self, x: Tensor) -> Tensor:
        mean, var = self.running_mean, self.running_var
        if self.training:
            mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3))
            weight = 1 - self.momentum if self.keras else self.momentum
            moved = [
                (1 - weight) * old + weight * new.detach()
                for old, new in ((self.running_mean, mean), (self.running_var, var))
            ]
            if self.in_place:
                self.running_mean.copy_(moved[0])
                self.running_var.copy_(moved[1])
            else:
                self.running_mean, self.running_var = moved
        return (x - mean.view(-1, 1, 1)) / (var.view(-1, 1, 1) + 1e-5).sqrt()


class EvaluatesWrong(HandMade):
    """Forgets to centre in evaluation."""

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            return super().forward(x)
        return x / (self.running_var.view(-1, 1, 1) + 1e-5).sqrt()


class Overflows(HandMade):
    """Leaves infinity in its statistics."""

    def forward(self, x: Tensor) -> Tensor:
        y = super().forward(x)
        self.running_var.fill_(float("inf"))
        return y


def fully_connected(*before: nn.Module, norm: nn.Module | None = None) -> nn.Sequential:
    """Linear layers with a norm behind `before`."""
    torch.manual_seed(3)
    norm = nn.BatchNorm1d(16) if norm is None else norm
    return nn.Sequential(nn.Linear(8, 16), nn.ReLU(), *before, nn.Linear(16, 16), norm)


def trained(model: nn.Module, steps: int = 60) -> nn.Module:
    """A model whose norms have seen batches, and whose biases have moved."""
    generator = torch.Generator().manual_seed(5)
    for _ in range(steps):
        model(torch.randn(16, 3, 10, 10, generator=generator) * 1.5 + 0.5)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.bias.add_(torch.linspace(-0.1, 0.1, module.num_features))
    return model
