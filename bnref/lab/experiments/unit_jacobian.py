"""The Jacobian of a linear layer between two normalised vectors, in float64."""

import torch
from torch import Tensor

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.exact import draws, layer, on_matrix, sizes, worst


def run(cell: Cell) -> Measured:
    """Worst error of "every row of d zhat / d xhat has norm one, and so the squared singular values
    average to one" (`rows_error`).

    xhat (N, in) has mean 0 and identity covariance, z = W xhat, zhat is z normalised for each unit in
    evaluation with the statistics of these N; W is any matrix. `rows_control`: the mean square for
    inputs that are normalised one by one, and correlated with each other.

    Arm: norm, channels (in and out), batch_size (N).
    """
    channels, batch_size = sizes(cell, "channels", "batch_size")
    draw = draws(cell, "unit Jacobian")
    w = draw.normal(channels, channels) * draw.decades(3, channels, 1)
    mixed = draw.normal(batch_size, channels) @ draw.normal(channels, channels)
    mixed = mixed - mixed.mean(0)
    white = torch.linalg.qr(mixed).Q * batch_size**0.5
    correlated = mixed / mixed.std(0, correction=0)

    def jacobian(x: Tensor) -> Tensor:
        z = x @ w.T
        bn = layer(cell, channels).eval()
        with torch.no_grad():
            bn.running_mean.copy_(z.mean(0))  # type: ignore[operator]
            bn.running_var.copy_(z.var(0, correction=0))  # type: ignore[operator]
        one = x[:1].clone().requires_grad_()
        zhat = on_matrix(bn, one @ w.T)[0]
        rows = [torch.autograd.grad(unit, one, retain_graph=True)[0][0] for unit in zhat]
        return torch.stack(rows)

    ideal = jacobian(white)
    return Measured(
        metrics={
            "rows_error": max(worst(ideal.norm(dim=1), 1.0), worst(_mean_square(ideal), 1.0)),
            "rows_control": worst(_mean_square(jacobian(correlated)), 1.0),
        }
    )


def _mean_square(matrix: Tensor) -> Tensor:
    """Of the singular values."""
    return torch.linalg.svdvals(matrix).square().mean()
