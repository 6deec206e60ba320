"""Train weights whose scale the batch norm after them takes out, in float64."""

import torch
from torch import Tensor, nn

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.exact import affine, draws, layer, on_matrix, sizes, worst

RATE = 0.3
MOMENTUM = 0.9
SCALES = (0.01, 7.0, 100.0)


def run(cell: Cell) -> Measured:
    """Worst errors of laws of plain gradient descent on W in tanh(BN(u W^T)), without eps.

    growth    for each unit k <w_k, dl/dw_k> = 0 (relative to the product of the norms), so
              |w_k|^2 grows by rate^2 |dl/dw_k|^2 in a step; control: the second with momentum 0.9
              (weight of the old direction), the step taken in the place of rate times gradient
    speed     from k W_0 at the rate k^2 rate, k = 0.01, 7, 100: the same losses at every step, and
              weights k times as large; control: at the rate k rate

    Arm: norm, channels, batch_size, steps.
    """
    channels, batch_size, steps = sizes(cell, "channels", "batch_size", "steps")
    draw = draws(cell, "scale-free training")
    u = draw.normal(batch_size, channels) + draw.uniform(-3, 3, 1, channels)
    start = draw.normal(channels, channels) * draw.decades(0.5, channels, 1)
    target = draw.uniform(-1, 1, batch_size, channels)
    bn = layer(cell, channels)
    affine(bn, draw.uniform(0.5, 2, channels), draw.normal(channels))

    def descend(scale: float, rate: float, momentum: float = 0.0) -> Path:
        return _descend(bn, u, target, scale * start, rate, momentum, steps)

    weights, gradients, losses = descend(1, RATE)
    norms, lengths = weights.norm(dim=2), gradients.norm(dim=2)
    inner = (weights[:-1] * gradients).sum(2)
    heavy, *_ = descend(1, RATE, MOMENTUM)
    heavy_norms, moved = heavy.norm(dim=2), heavy.diff(dim=0).norm(dim=2)
    speed, control = [], []
    for k in SCALES:
        scaled, _, scaled_losses = descend(k, k**2 * RATE)
        speed += [
            worst(scaled_losses, losses, losses),
            worst(scaled / k, weights, norms[..., None]),
        ]
        control.append(worst(descend(k, k * RATE)[2], losses, losses))
    return Measured(
        metrics={
            "growth_error": max(
                worst(inner, 0.0, norms[:-1] * lengths), _growth(norms, RATE * lengths)
            ),
            "growth_control": _growth(heavy_norms, moved),
            "speed_error": max(speed),
            "speed_control": min(control),
        }
    )


def _growth(norms: Tensor, moved: Tensor) -> float:
    """Error of |w_{t+1}|^2 = |w_t|^2 + moved^2, relative to the left side."""
    return worst(norms[:-1].square() + moved.square(), norms[1:].square(), norms[1:].square())


Path = tuple[Tensor, Tensor, Tensor]
"""Weights (steps + 1, C, C), their gradients (steps, C, C) and losses (steps,)."""


def _descend(
    bn: nn.Module, u: Tensor, target: Tensor, w: Tensor, rate: float, momentum: float, steps: int
) -> Path:
    weights, gradients, losses = [w], [], []
    velocity = torch.zeros_like(w)
    for _ in range(steps):
        w = weights[-1].clone().requires_grad_()
        loss = (torch.tanh(on_matrix(bn, u @ w.T)) - target).square().mean()
        (gradient,) = torch.autograd.grad(loss, w)
        velocity = momentum * velocity + gradient
        weights.append(weights[-1] - rate * velocity)
        gradients.append(gradient)
        losses.append(loss.detach())
    return torch.stack(weights), torch.stack(gradients), torch.stack(losses)
