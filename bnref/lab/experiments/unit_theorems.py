"""Gradient and Hessian of a batch-normalised unit, against Santurkar et al.'s theorems, in float64."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.exact import (
    EPS,
    NO_EPS,
    Draws,
    affine,
    draws,
    layer,
    moments,
    on_matrix,
    sizes,
    worst,
)

RADIUS = 2.0
"""The lambda of theorem 4.4: the largest spectral norm of X."""


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
        return (moments(self.y)[1] + self.eps).sqrt().flatten()

    @property
    def yhat(self) -> Tensor:
        return (self.y - moments(self.y)[0]) / self.s

    @property
    def factor(self) -> Tensor:
        """gamma^2 / s^2 (K,)."""
        return (self.gamma / self.s).square()


def run(cell: Cell) -> Measured:
    """Worst errors of the statements over units, and of a wrong formula for each (`_control`).

    With c = gamma^2 / s^2, s^2 = var (+ eps), r = var / (var + eps):

    gradient   |v|^2 = c (|g|^2 - <1, g>^2/m - (2 - r) <g, yhat>^2/m); control: centring forgotten
    root       |v|^2 <= the same with <g, yhat>^2 / sqrt(m), as printed
    hessian    d2L/dy2 = c (P H P - (gb yhat' + yhat gb' - 3/m <g,yhat> yhat yhat' + <g,yhat>(I - 11'/m))
               / (m gamma)) and v' d2L/dy2 v = c v' H v - gamma/(m s^2) <g, yhat> |v|^2;
               control: c v' H v alone
    relative   v' d2L/dy2 v <= c (g' H g - <g, yhat> |v|^2 / (m gamma)) for H = h I, as printed
    weights    the largest |X'v|^2 with |X| <= lambda is lambda^2 |v|^2, of the lambda^2 |g|^2 of g;
               control: <g, yhat>^2 without 1/m
    slipped    the bound with lambda^4 |g|^4 and the mean's term without lambda^2, as printed
    curvature  d2L/dw2 = X' (d2L/dy2) X; control: c X' P H P X

    Inequalities: by how much the left side is larger. Arm: norm, channels (K), batch_size (m),
    inputs (d). Errors are relative to the right side's sum of magnitudes, those of d2L/dw2 to
    its largest entry.
    """
    channels, m, inputs = sizes(cell, "channels", "batch_size", "inputs")
    draw = draws(cell, "unit theorems")
    x = draw.normal(m, inputs) + draw.uniform(-3, 3, 1, inputs)
    w = draw.normal(inputs, channels) * draw.decades(2, 1, channels)
    gamma, slope = draw.uniform(0.5, 2, channels), draw.normal(m, channels)
    h = draw.normal(channels, m, m)
    h = (h + h.mT) / 2
    bn = layer(cell, channels)
    unit = _unit(bn, x, w, gamma, slope, h)
    with_eps = _unit(bn, x, w, gamma, slope, h, EPS)
    flat = draw.decades(1, channels).view(-1, 1, 1) * torch.eye(m, dtype=h.dtype, device=h.device)
    wide = _unit(bn, x, w, unit.s * draw.uniform(3, 8, channels), slope, flat)
    small = _unit(bn, x, w, gamma, 0.01 * slope, 0.0 * h)
    return Measured(
        metrics={
            **_gradient(unit, with_eps),
            **_hessian(unit, wide),
            **_weights(unit, small, draw),
            **_curvature(unit),
        }
    )


def _unit(
    bn: nn.Module,
    x: Tensor,
    w: Tensor,
    gamma: Tensor,
    slope: Tensor,
    h: Tensor,
    eps: float = NO_EPS,
) -> Unit:
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


def _gradient(unit: Unit, with_eps: Unit) -> dict[str, float]:
    found, control = [], []
    for u in (unit, with_eps):
        var = moments(u.y)[1].flatten()
        shares = 2 - var / (var + u.eps)
        size, mean, along = _shares(u)
        length = u.v.square().sum(0)
        found.append(worst(length, u.factor * (size - mean - shares * along), u.factor * size))
        control.append(worst(length, u.factor * (size - shares * along), u.factor * size))
    m = len(unit.y)
    size, mean, along = _shares(unit)
    bound = unit.factor * (size - mean - along * m**0.5)
    return {
        "gradient_error": max(found),
        "gradient_control": min(control),
        "root_error": _excess(unit.v.square().sum(0) - bound, unit.factor * size),
    }


def _shares(u: Unit) -> tuple[Tensor, Tensor, Tensor]:
    """|g|^2, <1, g>^2 / m and <g, yhat>^2 / m (K,)."""
    m = len(u.g)
    return u.g.square().sum(0), u.g.sum(0).square() / m, (u.g * u.yhat).sum(0).square() / m


def _hessian(unit: Unit, wide: Unit) -> dict[str, float]:
    form, along = _form(unit.h, unit.v), (unit.g * unit.yhat).sum(0) / len(unit.g)
    length = unit.v.square().sum(0)
    second = unit.gamma / unit.s.square() * along * length
    size = unit.factor * _form(unit.h.abs(), unit.v.abs()) + second.abs()
    closed, found = _closed(unit), _form(unit.hessian, unit.v)
    wide_along = (wide.g * wide.yhat).sum(0) / len(wide.g)
    wide_second = wide_along * wide.v.square().sum(0) / wide.gamma
    bound = wide.factor * (_form(wide.h, wide.g) - wide_second)
    return {
        "hessian_error": max(
            worst(found, unit.factor * form - second, size),
            worst(unit.hessian, closed, _size(unit)),
        ),
        "hessian_control": worst(found, unit.factor * form, size),
        "relative_error": _excess(
            _form(wide.hessian, wide.v) - bound, wide.factor * _form(wide.h, wide.v)
        ),
        "relative_control": worst(
            _form(wide.hessian, wide.v),
            wide.factor * _form(wide.h, wide.v),
            wide.factor * _form(wide.h, wide.v),
        ),
    }


def _closed(unit: Unit) -> Tensor:
    """d2L/dy2 (K, m, m) by the formula, without eps."""
    first, m = _projected(unit), len(unit.y)
    yhat, gbar = unit.yhat.T, (unit.g - unit.g.mean(0)).T
    along = (gbar * yhat).sum(1).view(-1, 1, 1)
    cross, outer = gbar[:, :, None] * yhat[:, None], yhat[:, :, None] * yhat[:, None]
    centring = torch.eye(m, dtype=yhat.dtype, device=yhat.device) - 1 / m
    rest = cross + cross.mT - 3 / m * along * outer + along * centring
    return first - (unit.factor / unit.gamma).view(-1, 1, 1) / m * rest


def _projected(unit: Unit) -> Tensor:
    """gamma^2 / s^2 P H P, with P = I - 11'/m - yhat yhat'/m."""
    yhat, m = unit.yhat.T, len(unit.y)
    p = torch.eye(m, dtype=yhat.dtype, device=yhat.device) - 1 / m
    p = p - yhat[:, :, None] * yhat[:, None] / m
    return unit.factor.view(-1, 1, 1) * (p @ unit.h @ p)


def _size(unit: Unit) -> Tensor:
    """What an entry of d2L/dy2 may add up from (K, 1, 1): the largest of H, and of g over gamma."""
    largest = unit.h.abs().amax((1, 2)) + unit.g.abs().amax(0) / unit.gamma
    return (unit.factor * largest).view(-1, 1, 1)


def _weights(unit: Unit, small: Unit, draw: Draws) -> dict[str, float]:
    """The worst X is lambda v e'/|v|; others of that norm reach less. `small` has small gradients."""
    m, inputs = unit.x.shape
    squared = RADIUS**2
    direction = draw.normal(inputs)
    direction = direction / direction.norm()
    others = draw.normal(16, m, inputs)
    others = RADIUS * others / torch.linalg.matrix_norm(others, 2)[:, None, None]

    def reached(u: Unit) -> tuple[Tensor, Tensor]:
        x = RADIUS * (u.v / u.v.norm(dim=0)).T[:, :, None] * direction
        best = torch.einsum("kmd,mk->kd", x, u.v).square().sum(1)
        return best, torch.einsum("nmd,mk->nkd", others, u.v).square().sum(2)

    (best, rest), (size, mean, along) = reached(unit), _shares(unit)
    bound, scale = unit.factor * squared * (size - mean - along), unit.factor * squared * size
    low, (small_size, small_mean, small_along) = reached(small)[0], _shares(small)
    printed = (squared * small_size) ** 2 - small_mean - squared * m * small_along
    return {
        "weights_error": max(worst(best, bound, scale), _excess(rest - bound, scale)),
        "weights_control": worst(best, bound - unit.factor * squared * (m - 1) * along, scale),
        "slipped_error": _excess(low - small.factor * printed, small.factor * squared * small_size),
    }


def _curvature(unit: Unit) -> dict[str, float]:
    def error(hessian: Tensor) -> float:
        expected = unit.x.T @ hessian @ unit.x
        return worst(unit.by_weights, expected, unit.by_weights.abs().amax((1, 2), keepdim=True))

    return {
        "curvature_error": error(_closed(unit)),
        "curvature_control": error(_projected(unit)),
    }


def _form(h: Tensor, v: Tensor) -> Tensor:
    """v' H v of each unit (K,)."""
    return torch.einsum("ik,kij,jk->k", v, h, v)


def _excess(violation: Tensor, size: Tensor) -> float:
    """The largest positive violation of an inequality, relative to the size of its terms."""
    return worst(violation.clamp(min=0), 0.0, size)
