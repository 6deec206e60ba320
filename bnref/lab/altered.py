"""Perceptrons, and the papers' networks with sigmoids, other places of the normaliser, or dropout."""

import torch
from torch import nn

from bnref.evidence.cell import Cell
from bnref.lab.data import Data
from bnref.lab.nets import initialise
from bnref.lab.papers.catalogue import paper_net
from bnref.lab.perceptrons import GAINS, Dropout, perceptron
from bnref.lab.randomness import generator


def network(cell: Cell, data: Data) -> nn.Sequential:
    """The net of `bnref.lab.papers.catalogue` that the arm names, or else its perceptron.

    Arm: net, norm and, as for `bnref.lab.perceptrons`, activation, place, scale and dropout, which is
    that of the classifier's inputs, as in Inception.
    """
    arm = cell.arm
    if "net" not in arm:
        return perceptron(cell, data)
    net = paper_net(str(arm["net"]), str(arm["norm"]), data.classes)
    activation = str(arm.get("activation", "relu"))
    if arm.get("place") == "after":
        normalise_after(net)
    if activation == "sigmoid":
        to_sigmoids(net)
    share = float(arm.get("dropout") or 0)
    if share:
        net.insert(len(net) - 1, Dropout(share, generator(cell.seed, "dropout/classifier")))
    scale = float(arm.get("scale", 1.0))  # type: ignore[arg-type]
    initialise(net, cell.seed, gain=GAINS[activation] * scale**2)
    return net.to(cell.device, memory_format=torch.channels_last)  # type: ignore[call-overload]


def normalise_after(net: nn.Module) -> None:
    """Convolution, normaliser, ReLU become convolution with a bias, ReLU, normaliser."""
    for part in _chains(net):
        for at in range(1, len(part) - 1):
            before, norm, act = part[at - 1], part[at], part[at + 1]
            if isinstance(before, nn.Conv2d) and isinstance(act, nn.ReLU):
                part[at], part[at + 1] = act, norm
                before.bias = nn.Parameter(torch.zeros(before.out_channels))


def to_sigmoids(net: nn.Module) -> None:
    """Every ReLU becomes a sigmoid."""
    for part in _chains(net):
        for at, module in enumerate(part):
            if isinstance(module, nn.ReLU):
                part[at] = nn.Sigmoid()


def _chains(net: nn.Module) -> list[nn.Sequential]:
    return [module for module in net.modules() if isinstance(module, nn.Sequential)]
