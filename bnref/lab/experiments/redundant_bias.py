"""Train a dense layer before a batch norm with a bias and without, in float64."""

import torch
from torch import Tensor, nn

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.exact import EPS, affine, draws, layer, on_matrix, sizes, worst

RATE = 0.1
DECAY = 0.01


def run(cell: Cell) -> Measured:
    """Worst errors of what a bias b before the batch norm must leave as it is (`bias_error`).

    The net tanh(BN(u W^T + b)) has a squared loss and takes `steps` of gradient descent with weight
    decay, with b and with b = 0. The same: outputs in training, losses of all steps, outputs in
    evaluation with running statistics of the last batch. The gradient of b is 0 (relative to the sum
    of the magnitudes that it adds up), so b_t = b_0 (1 - rate decay)^t. `bias_control`: the
    difference of outputs where a ReLU stands between bias and batch norm.

    Arm: norm, channels, batch_size, steps.
    """
    channels, batch_size, steps = sizes(cell, "channels", "batch_size", "steps")
    draw = draws(cell, "redundant bias")
    u, start = draw.normal(batch_size, channels), draw.normal(channels, channels)
    target = draw.uniform(-1, 1, batch_size, channels)
    bias = draw.decades(2, channels) * draw.signs(channels)
    weight, shift = draw.uniform(0.5, 2, channels), draw.normal(channels)
    scale = start.norm(dim=1)  # a biased unit is at most 100 of its standard deviations away
    ends = []
    for b in (bias * scale, torch.zeros_like(bias)):
        bn = layer(cell, channels, EPS)
        affine(bn, weight, shift)
        bn.momentum = 1.0  # type: ignore[assignment]
        ends.append(_trained(bn, u, target, start, b, steps))
    (losses, y, kept, leak), (plain_losses, plain_y, *_) = ends
    with torch.no_grad():
        z = u @ start.T
        after = [
            on_matrix(bn.train(), torch.relu(z + b)) for b in (bias * scale, torch.zeros_like(bias))
        ]
    expected = bias * scale * (1 - RATE * DECAY) ** steps
    return Measured(
        metrics={
            "bias_error": max(
                worst(losses, plain_losses, plain_losses),
                worst(y, plain_y, plain_y.abs().max()),
                worst(kept, expected, expected.abs()),
                leak,
            ),
            "bias_control": worst(after[0], after[1]),
        }
    )


def _trained(
    bn: nn.Module, u: Tensor, target: Tensor, w: Tensor, b: Tensor, steps: int
) -> tuple[Tensor, Tensor, Tensor, float]:
    """Losses, outputs (last batch in training, then in evaluation), the bias, its gradient's error."""
    losses, leak = [], 0.0
    for _ in range(steps):
        w, b = w.detach().requires_grad_(), b.detach().requires_grad_()
        z = u @ w.T + b
        loss = (torch.tanh(on_matrix(bn, z)) - target).square().mean()
        dw, db, dz = torch.autograd.grad(loss, (w, b, z))
        leak = max(leak, worst(db, 0.0, dz.abs().sum(0)))
        losses.append(loss.detach())
        w, b = w - RATE * (dw + DECAY * w), b - RATE * (db + DECAY * b)
    with torch.no_grad():
        z = u @ w.T + b
        y = torch.cat([on_matrix(bn, z), on_matrix(bn.eval(), z)])
    return torch.stack(losses), y, b.detach(), leak
