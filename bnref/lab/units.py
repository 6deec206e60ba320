"""Batch-normalised units y = X w with a loss whose gradient and Hessian autograd takes, in float64."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from bnref.lab.exact import NO_EPS, affine, moments, on_matrix


@dataclass(frozen=True)
class Unit:
    """K units y = X w (m, K), each with a loss a z + z H z / 2 of its own, and autograd's answers.

    g = dL/dz, v = dL/dy (m, K); H, hessian (of y) (K, m, m) and by_weights (of w) (K, d, d).
    """

    x: Tensor
    y: Tensor
    gamma: Tensor
    eps: float
    h: Tensor
    g: Tensor
    v: Tensor
    hessian: Tensor
    by_weights: Tensor

    @property
    def s(self) -> Tensor:
        """sqrt(var + eps) (K,)."""
        return (moments(self.y)[1] + self.eps).sqrt().flatten()

    @property
    def yhat(self) -> Tensor:
        """(y - mean) / s (m, K)."""
        return (self.y - moments(self.y)[0]) / self.s

    @property
    def factor(self) -> Tensor:
        """gamma^2 / s^2 (K,)."""
        return (self.gamma / self.s).square()


def unit(
    bn: nn.Module,
    x: Tensor,
    w: Tensor,
    gamma: Tensor,
    slope: Tensor,
    h: Tensor,
    eps: float = NO_EPS,
) -> Unit:
    """K units of the batch norm for X (m, d) and w (d, K), with the loss slope z + z H z / 2 each."""
    bn.eps = eps  # type: ignore[assignment]
    affine(bn, gamma, torch.zeros_like(gamma))
    w = w.clone().requires_grad_()
    y = x @ w
    z = on_matrix(bn, y)
    loss = (slope * z).sum() + torch.einsum("ik,kij,jk->", z, h, z) / 2
    (g,) = torch.autograd.grad(loss, z, retain_graph=True)
    (v,) = torch.autograd.grad(loss, y, create_graph=True)
    (dw,) = torch.autograd.grad(loss, w, create_graph=True)

    def rows(gradient: Tensor, of: Tensor) -> Tensor:
        """Units do not see each other, so one backward pass gives a row of every unit's Hessian."""
        found = [torch.autograd.grad(row.sum(), of, retain_graph=True)[0] for row in gradient]
        return torch.stack(found).permute(2, 0, 1)

    by_y, by_w = rows(v, y), rows(dw, w)
    return Unit(x, y.detach(), gamma, eps, h, g, v.detach(), by_y, by_w)
