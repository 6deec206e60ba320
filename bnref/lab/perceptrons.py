"""Perceptrons with a choice of activation, of where the normaliser stands, and of dropout."""

import torch
from torch import Tensor, nn

import bnref.norms
from bnref.evidence.cell import Cell
from bnref.lab.data import Data
from bnref.lab.nets import has_shift, initialise
from bnref.lab.randomness import generator

ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid}
GAINS = {"relu": 2.0, "sigmoid": 1.0}
"""Of He's initialisation: half of a ReLU's inputs come to nothing."""


class Dropout(nn.Module):
    """y = x keep / (1 - share) in training, keep = 0 with probability `share`; else y = x."""

    def __init__(self, share: float, draw: torch.Generator) -> None:
        super().__init__()
        self.share, self.draw = share, draw

    def forward(self, x: Tensor) -> Tensor:
        """Drawn anew at every call, from the generator of this layer alone."""
        if not self.training:
            return x
        keep = torch.rand(x.shape, generator=self.draw) >= self.share
        return x * keep.to(x, non_blocking=True) / (1 - self.share)


def perceptron(cell: Cell, data: Data) -> nn.Sequential:
    """The perceptron of the cell's arm, initialised by its seed, on its device.

    Arm: depth, width, norm, activation ("relu", "sigmoid") and optionally place of the normaliser
    ("before" the activation or "after" it), scale (the hidden layers start with so many times the
    weights of He's initialisation, 1/sqrt(fan_in) for sigmoids) and dropout (share of each hidden
    layer's outputs that is dropped).
    """
    arm = cell.arm
    activation, after = str(arm["activation"]), arm.get("place") == "after"
    build = bnref.norms.get(str(arm["norm"])).build
    width, dropout = int(arm["width"]), float(arm.get("dropout") or 0)  # type: ignore[arg-type]
    inputs = data.train.images[0].numel()
    layers: list[nn.Module] = [nn.Flatten()]
    for number in range(int(arm["depth"])):  # type: ignore[arg-type]
        norm, act = build(width), ACTIVATIONS[activation]()
        layers.append(nn.Linear(inputs, width, bias=after or not has_shift(norm)))
        layers += [act, norm] if after else [norm, act]
        if dropout:
            layers.append(Dropout(dropout, generator(cell.seed, f"dropout/{number}")))
        inputs = width
    net = nn.Sequential(*layers, nn.Linear(inputs, data.classes))
    scale = float(arm.get("scale", 1.0))  # type: ignore[arg-type]
    initialise(net, cell.seed, gain=GAINS[activation] * scale**2)
    return net.to(cell.device)
