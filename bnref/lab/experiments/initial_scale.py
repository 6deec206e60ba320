"""Whether a network trains from weights that are too small or too large, at one learning rate."""

import torch
from torch import nn

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.data import load
from bnref.lab.experiments.classify import network, recipe
from bnref.lab.training import train


def run(cell: Cell) -> Measured:
    """The training accuracy, chance where the run diverged.

    Arm: as for `classify`, and weight_scale, by which He's initial weights of all hidden layers are
    multiplied. The classifier's weights stay as they are.
    """
    arm = cell.arm
    data = load(str(arm["data"]), cell.device, int(arm["pool"]))  # type: ignore[arg-type]
    net = network(cell, data)
    scale(net, float(arm["weight_scale"]))  # type: ignore[arg-type]
    result = train(net, data.train, **recipe(cell))
    accuracy = 1 / data.classes if result.diverged else result.last(result.accuracies)
    return Measured(
        metrics={"train_accuracy": accuracy}, diverged=result.diverged, data=data.sha256
    )


@torch.no_grad()
def scale(net: nn.Module, factor: float) -> None:
    """Multiply the weights of every layer but the last."""
    layers = [m for m in net.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    for layer in layers[:-1]:
        layer.weight.mul_(factor)
