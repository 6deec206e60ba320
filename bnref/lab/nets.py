"""The networks: plain ones, where a normaliser stands before every non-linearity."""

import torch
from torch import Tensor, nn

import bnref.norms
from bnref.lab.randomness import generator

CONVOLUTIONS = {
    "convnet7": ((8, 1), (8, 1), (16, 2), (16, 1), (16, 1), (32, 2), (32, 1)),
    "convnet3": ((16, 2), (32, 2), (64, 1)),
    "convnet5": ((16, 2), (32, 2), (32, 2), (64, 1), (64, 1)),
    "convnet6": ((16, 2), (16, 1), (32, 2), (32, 1), (64, 1), (64, 1)),
}
"""Channels and stride of each 3x3 convolution: VGG-like in kind, small enough for a laptop."""
ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "sigmoid": nn.Sigmoid,
    "none": nn.Identity,
}


class Mean(nn.Module):
    """Average over space: (N, C, H, W) -> (N, C)."""

    def forward(self, x: Tensor) -> Tensor:
        """The mean over the last two dimensions."""
        return x.mean((2, 3))


def convnet(plan: str, norm: str, channels: int, classes: int) -> nn.Sequential:
    """Blocks of 3x3 convolution, normaliser and ReLU; average over space; linear classifier."""
    build = bnref.norms.get(norm).build
    layers: list[nn.Module] = []
    for out, stride in CONVOLUTIONS[plan]:
        normaliser = build(out)
        bias = not has_shift(normaliser)
        layers += [nn.Conv2d(channels, out, 3, stride, 1, bias=bias), normaliser, nn.ReLU()]
        channels = out
    return nn.Sequential(*layers, Mean(), nn.Linear(channels, classes))


def mlp(
    norm: str,
    inputs: int,
    classes: int,
    depth: int,
    width: int,
    activation: str = "relu",
    bias: bool = True,
) -> nn.Sequential:
    """`depth` hidden layers of linear, normaliser and activation; linear classifier.

    Without `bias` no linear layer has one.
    """
    build = bnref.norms.get(norm).build
    layers: list[nn.Module] = [nn.Flatten()]
    for _ in range(depth):
        normaliser = build(width)
        own = bias and not has_shift(normaliser)
        layers += [nn.Linear(inputs, width, bias=own), normaliser, ACTIVATIONS[activation]()]
        inputs = width
    return nn.Sequential(*layers, nn.Linear(inputs, classes, bias=bias))


def has_shift(normaliser: nn.Module) -> bool:
    """Whether the normaliser brings its own bias, so that the layer before it needs none."""
    return any(name.rpartition(".")[2] == "bias" for name, _ in normaliser.named_parameters())


def initialise(net: nn.Module, seed: int, gain: float = 2.0, std: float | None = None) -> None:
    """He initialisation: weights N(0, gain / fan_in), biases 0 (He et al. 2015, section 2.2).

    Layer i of a seed gets the same weights in every arm, whatever stands between the layers. The
    classifier, which no ReLU follows, has gain 1. `std` is the same for all weights, whatever fan_in.
    """
    layers = [m for m in net.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    for index, layer in enumerate(layers):
        fan_in = layer.weight[0].numel()
        scale = (1.0 if layer is layers[-1] else gain) / fan_in
        drawn = torch.randn(layer.weight.shape, generator=generator(seed, f"weights/{index}"))
        with torch.no_grad():
            layer.weight.copy_(drawn * (scale**0.5 if std is None else std))
            if layer.bias is not None:
                layer.bias.zero_()


def each_norm(net: nn.Module, attribute: str) -> list[nn.Module]:
    """The modules of the net that have this attribute, as batch norms have `running_mean`."""
    return [m for m in net.modules() if getattr(m, attribute, None) is not None]
