"""Gradient descent on deep linear networks at a whole grid of rates (Bjorck et al. 2018, section 4).

    loss = mean over columns x of |W_M ... W_1 x - A x|^2 / 2,    all W_i and A width x width

The inputs x are white (X X^T = n I), A is orthogonal, and every step takes all of them: the problem is
as well conditioned as it can be, and what is not comes from the product of the W_i.
"""

import torch
from torch import Tensor
from torch.nn.functional import batch_norm

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.exact import draws, sizes
from bnref.lab.experiments.random_products import gaussian, orthogonal

ROWS = 8
"""Inputs per unit of the width."""
REACHED = 0.5
"""The share of the zero map's loss |A x|^2 / 2 that a run has to come below."""
LOOK_EVERY = 5
"""Steps between two looks whether all runs have ended."""


def run(cell: Cell) -> Measured:
    """`largest_rate` that brings the loss below half of that of the zero map, and the fewest `steps` to it.

    Rates 2^lowest, 2^(lowest + 1), .. 2^highest from the same weights; gradient descent is
    deterministic, so the fewest steps are no luck of a draw. Diverged where no rate gets there within
    the budget; there are no metrics then. Series: `needed`, the steps by `learning_rate`, infinite ones
    as steps + 1.

    Arm: weights ("gaussian", of variance 1/width; "orthogonal"; "normalised": Gaussian, with batch norm
    without scale and shift behind every factor but the last), width, factors (M), lowest, highest, steps.
    """
    width, factors, lowest, highest, steps = sizes(
        cell, "width", "factors", "lowest", "highest", "steps"
    )
    kind = str(cell.arm["weights"])
    rates = [2.0**power for power in range(lowest, highest + 1)]
    draw = draws(cell, "deep linear network")
    target = orthogonal(draw, width)
    build = orthogonal if kind == "orthogonal" else gaussian
    start = [build(draw, width) for _ in range(factors)]
    x, _ = torch.linalg.qr(draw.normal(ROWS * width, width))
    x = x.T * (ROWS * width) ** 0.5
    needed = descend(start, x, target @ x, torch.tensor(rates), kind == "normalised", steps)
    good = [(rate, count) for rate, count in zip(rates, needed, strict=True) if count <= steps]
    metrics = {}
    if good:
        metrics = {
            "largest_rate": max(rate for rate, _ in good),
            "steps": float(min(count for _, count in good)),
        }
    return Measured(
        metrics=metrics,
        series={"learning_rate": rates, "needed": [float(count) for count in needed]},
        diverged=not good,
    )


def descend(
    start: list[Tensor], x: Tensor, y: Tensor, rates: Tensor, normalised: bool, steps: int
) -> list[int]:
    """The number of steps of each rate until its loss is below REACHED |y|^2 / 2; steps + 1 if never."""
    runs = len(rates)
    weights = [w.expand(runs, -1, -1).clone().requires_grad_() for w in start]
    moves = rates.to(x).view(-1, 1, 1)
    goal = REACHED * y.square().sum() / x.shape[1] / 2
    needed = torch.full((runs,), steps + 1, device=x.device)
    for step in range(steps + 1):
        loss = (outputs(weights, x, normalised) - y).square().sum((1, 2)) / x.shape[1] / 2
        reached = (loss.detach() <= goal) & (needed > steps)
        needed[reached] = step
        if step % LOOK_EVERY == 0 and not ((needed > steps) & loss.isfinite()).any():
            break
        gradients = torch.autograd.grad(loss.sum(), weights)
        with torch.no_grad():
            for weight, gradient in zip(weights, gradients, strict=True):
                weight.sub_(moves * gradient)
    return [int(count) for count in needed]


def outputs(weights: list[Tensor], x: Tensor, normalised: bool) -> Tensor:
    """W_M ... W_1 x of every run (runs, width, n), with batch norm between the factors or without."""
    for number, weight in enumerate(weights):
        x = weight @ x
        if normalised and number < len(weights) - 1:
            units = x.reshape(-1, x.shape[-1])
            x = batch_norm(units.T, None, None, training=True).T.view_as(x)
    return x
