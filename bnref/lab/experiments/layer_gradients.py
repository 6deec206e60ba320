"""How gradients grow from layer to layer of a plain ReLU network at its start."""

import torch
from torch import Tensor

import bnref.norms
from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.randomness import generator


def run(cell: Cell) -> Measured:
    """Series layer and gradient: root mean square of dl/dy_l, y_l what the ReLU of layer l is given.

    l is a random linear function of the last ReLU's output, whose gradient has variance 1 there.
    `growth` is the mean of log gradient_l / gradient_(l+1) over the layers and over `networks`
    independent networks of the seed.

    Arm: norm, depth, width, batch_size (Gaussian inputs), networks. Hidden layers are square, He's
    weights, no bias; the normaliser is in training mode.
    """
    arm = cell.arm
    depth = int(arm["depth"])  # type: ignore[arg-type]
    gradients = [
        _gradients(cell, f"network/{number}", depth)
        for number in range(int(arm["networks"]))  # type: ignore[arg-type]
    ]
    logs = torch.stack(gradients).log().mean(0)
    metrics = {"growth": float((logs[0] - logs[-1]) / (depth - 1))}
    series = {
        "layer": [float(layer + 1) for layer in range(depth)],
        "gradient": logs.exp().tolist(),
    }
    return Measured(metrics=metrics, series=series)


def _gradients(cell: Cell, name: str, depth: int) -> Tensor:
    arm = cell.arm
    width, batch = int(arm["width"]), int(arm["batch_size"])  # type: ignore[arg-type]
    norm = bnref.norms.get(str(arm["norm"]))
    draw = generator(cell.seed, name)
    x, function = torch.randn(2, batch, width, generator=draw).to(cell.device)
    seen: list[Tensor] = []
    for _ in range(depth):
        weight = (torch.randn(width, width, generator=draw) * (2 / width) ** 0.5).to(cell.device)
        y = norm.build(width).to(cell.device)(x @ weight.requires_grad_().T)
        seen.append(y)
        x = y.relu()
    found = torch.autograd.grad((x * function).sum(), seen)
    return torch.stack([one.double().square().mean().sqrt() for one in found])
