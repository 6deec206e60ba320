"""How far one can go along the gradient of a batch (Bjorck et al. 2018, section 3, figure 3)."""

import math

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.data import load
from bnref.lab.deep_residual import Residual, network, recipe
from bnref.lab.training import train

STEPS = tuple(4.0**k for k in range(-9, 2))
"""Factors of four from 4e-6 to 4."""
WORST = 1e6
"""What a ratio of losses counts as where it is larger or not finite."""


def run(cell: Cell) -> Measured:
    """The loss behind a step alpha, relative to the loss before it, same batch, training mode.

    At the arm's `batch`-th batch (1 is the first) of SGD: `reach`, the largest alpha up to which
    the ratio does not exceed 1, interpolated between powers of four on logarithmic axes, 4 where it
    never does; `best`, the alpha of the smallest loss. Series: `ratio` over `alpha`.

    Arm: those of `deep_residual`'s network and recipe, and data, pool, learning_rate, batch.
    """
    arm = cell.arm
    data = load(str(arm["data"]), cell.device, int(arm["pool"]))  # type: ignore[arg-type]
    net = network(cell, data)
    batch = int(arm["batch"])  # type: ignore[arg-type]
    ratios: list[float] = []

    def probe(step: int, images: Tensor, labels: Tensor) -> None:
        if step + 1 == batch:
            ratios.extend(along_gradient(net, images, labels))

    result = train(
        net,
        data.train,
        learning_rate=float(arm["learning_rate"]),  # type: ignore[arg-type]
        steps=batch,
        probe=probe,
        **recipe(cell),
    )
    metrics = {"reach": reach(ratios), "best": STEPS[ratios.index(min(ratios))]}
    return Measured(
        metrics=metrics,
        series={"alpha": list(STEPS), "ratio": ratios},
        diverged=result.diverged,
        data=data.sha256,
    )


def along_gradient(net: Residual, images: Tensor, labels: Tensor) -> list[float]:
    """loss(theta - alpha g) / loss(theta) for every alpha. Parameters and buffers are restored."""
    parameters = list(net.parameters())
    state = [tensor.detach().clone() for tensor in (*parameters, *net.buffers())]
    loss = cross_entropy(net(images), labels)
    gradient = torch.autograd.grad(loss, parameters)
    start, ratios = float(loss.detach()), []
    with torch.no_grad():
        for alpha in STEPS:
            for parameter, before, part in zip(parameters, state, gradient, strict=False):
                parameter.copy_(before - alpha * part)
            ratio = float(cross_entropy(net(images), labels)) / start
            ratios.append(ratio if ratio <= WORST else WORST)
        for tensor, before in zip((*parameters, *net.buffers()), state, strict=True):
            tensor.copy_(before)
    return ratios


def reach(ratios: list[float]) -> float:
    """Where the ratio first rises above 1; the smallest step where it already has."""
    first = next((i for i, ratio in enumerate(ratios) if ratio > 1), None)
    if first is None:
        return STEPS[-1]
    if first == 0:
        return STEPS[0]
    low, high = (math.log(max(ratio, 1 / WORST)) for ratio in ratios[first - 1 : first + 1])
    return STEPS[first - 1] * 4 ** (low / (low - high))
