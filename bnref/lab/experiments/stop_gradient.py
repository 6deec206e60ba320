"""Descend with a gradient that takes the batch's statistics for constants, in float64."""

from collections.abc import Callable

import torch
from torch import Tensor

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.exact import NO_EPS, affine, draws, sizes, worst
from bnref.norms.stop_gradient_batch_norm import StopGradientBatchNorm

RATE = 0.05


def run(cell: Cell) -> Measured:
    """Worst errors of the paths of the one parameter that is trained, full batch, plain descent.

    drift    no gradient through the mean, x = u + b: output and loss stay as they are and
             b_t = b_0 - rate t sum dl/dx, the sum by hand; control: that b stays, as it does with the
             true gradient
    scale    no gradient through the variance, x = a u: the output stays and with c = a dl/da at the
             start a_t^2 = a_0^2 - 2 rate c t + rate^2 c^2 sum_k 1/a_k^2; control: that a stays

    Units are independent, each with its own b and a; a must move away from 0, where its steps have
    no bound, so targets are such that c < 0. Arm: channels, batch_size, steps.
    """
    channels, batch_size, steps = sizes(cell, "channels", "batch_size", "steps")
    draw = draws(cell, "stop gradient")
    u = draw.hard(batch_size, channels, reach=1, offset=10)
    noise = draw.normal(batch_size, channels)
    bias, weight = draw.normal(channels), draw.uniform(0.5, 2, channels)
    xhat = (u - u.mean(0)) / u.std(0, correction=0)
    target = 2 * (weight * xhat + bias) + noise  # a larger output fits better: c < 0

    def layer(stop: str) -> StopGradientBatchNorm:
        bn = StopGradientBatchNorm(channels, stop=stop, eps=NO_EPS).to(u).train()  # type: ignore[arg-type]
        affine(bn, weight, bias)
        return bn

    b0, a0 = draw.normal(channels) * u.std(0), draw.decades(1, channels)
    b, b_losses = _descend(layer("mean"), u, target, b0, torch.add, steps)
    a, a_losses = _descend(layer("var"), u, target, a0, torch.mul, steps)
    time = torch.arange(steps + 1, dtype=u.dtype, device=u.device)[:, None]
    residual = 2 * (weight * xhat + bias - target)
    db = (residual * weight / u.std(0, correction=0)).mean(0)
    c = (residual * weight * xhat).mean(0)
    kicks = torch.cat([torch.zeros_like(a0)[None], (1 / a[:-1].square()).cumsum(0)])
    square = a0.square() - 2 * RATE * c * time + RATE**2 * c.square() * kicks
    b_size = b.abs().amax(0)
    return Measured(
        metrics={
            "drift_error": max(
                worst(b, b0 - RATE * time * db, b_size),
                worst(b_losses, b_losses[0], b_losses[0]),
            ),
            "drift_control": worst(b[-1], b0, b_size),
            "scale_error": max(
                worst(a.square(), square, square),
                worst(a_losses, a_losses[0], a_losses[0]),
            ),
            "scale_control": worst(a[-1], a0, a0),
        }
    )


def _descend(
    bn: StopGradientBatchNorm,
    u: Tensor,
    target: Tensor,
    start: Tensor,
    join: Callable[[Tensor, Tensor], Tensor],
    steps: int,
) -> tuple[Tensor, Tensor]:
    """The parameter at 0..steps and the losses of each unit."""
    path, losses = [start], []
    for _ in range(steps):
        theta = path[-1].clone().requires_grad_()
        loss = (bn(join(u, theta)) - target).square().mean(0)
        (gradient,) = torch.autograd.grad(loss.sum(), theta)
        path.append(path[-1] - RATE * gradient)
        losses.append(loss.detach())
    return torch.stack(path), torch.stack(losses)
