"""Gradient and Hessian of a batch-normalised unit, against Santurkar et al.'s theorems, in float64."""

import torch
from torch import Tensor

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.exact import EPS, Draws, draws, layer, moments, sizes, worst
from bnref.lab.units import Unit, unit

RADIUS = 2.0
"""The lambda of theorem 4.4: the largest spectral norm of X."""


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
    plain = unit(bn, x, w, gamma, slope, h)
    with_eps = unit(bn, x, w, gamma, slope, h, EPS)
    flat = draw.decades(1, channels).view(-1, 1, 1) * torch.eye(m, dtype=h.dtype, device=h.device)
    wide = unit(bn, x, w, plain.s * draw.uniform(3, 8, channels), slope, flat)
    small = unit(bn, x, w, gamma, 0.01 * slope, 0.0 * h)
    return Measured(
        metrics={
            **_gradient(plain, with_eps),
            **_hessian(plain, wide),
            **_weights(plain, small, draw),
            **_curvature(plain),
        }
    )


def _gradient(one: Unit, with_eps: Unit) -> dict[str, float]:
    found, control = [], []
    for u in (one, with_eps):
        var = moments(u.y)[1].flatten()
        shares = 2 - var / (var + u.eps)
        size, mean, along = _shares(u)
        length = u.v.square().sum(0)
        found.append(worst(length, u.factor * (size - mean - shares * along), u.factor * size))
        control.append(worst(length, u.factor * (size - shares * along), u.factor * size))
    m = len(one.y)
    size, mean, along = _shares(one)
    bound = one.factor * (size - mean - along * m**0.5)
    return {
        "gradient_error": max(found),
        "gradient_control": min(control),
        "root_error": _excess(one.v.square().sum(0) - bound, one.factor * size),
    }


def _shares(u: Unit) -> tuple[Tensor, Tensor, Tensor]:
    """|g|^2, <1, g>^2 / m and <g, yhat>^2 / m (K,)."""
    m = len(u.g)
    return u.g.square().sum(0), u.g.sum(0).square() / m, (u.g * u.yhat).sum(0).square() / m


def _hessian(one: Unit, wide: Unit) -> dict[str, float]:
    """Both equalities for both kinds of units, and the printed inequality for those of H = h I."""
    found, control = [], []
    for u in (one, wide):
        measured, form = _form(u.hessian, u.v), u.factor * _form(u.h, u.v)
        second = u.factor * _along(u)
        size = u.factor * _form(u.h.abs(), u.v.abs()) + second.abs()
        found += [worst(measured, form - second, size), worst(u.hessian, _closed(u), _size(u))]
        control.append(worst(measured, form, size))
    bound = wide.factor * (_form(wide.h, wide.g) - _along(wide))
    size = wide.factor * _form(wide.h, wide.v)
    return {
        "hessian_error": max(found),
        "hessian_control": min(control),
        "relative_error": _excess(_form(wide.hessian, wide.v) - bound, size),
    }


def _along(u: Unit) -> Tensor:
    """<g, yhat> |v|^2 / (m gamma) (K,)."""
    return (u.g * u.yhat).sum(0) * u.v.square().sum(0) / (len(u.g) * u.gamma)


def _closed(one: Unit) -> Tensor:
    """d2L/dy2 (K, m, m) by the formula, without eps."""
    first, m = _projected(one), len(one.y)
    yhat, gbar = one.yhat.T, (one.g - one.g.mean(0)).T
    along = (gbar * yhat).sum(1).view(-1, 1, 1)
    cross, outer = gbar[:, :, None] * yhat[:, None], yhat[:, :, None] * yhat[:, None]
    centring = torch.eye(m, dtype=yhat.dtype, device=yhat.device) - 1 / m
    rest = cross + cross.mT - 3 / m * along * outer + along * centring
    return first - (one.factor / one.gamma).view(-1, 1, 1) / m * rest


def _projected(one: Unit) -> Tensor:
    """gamma^2 / s^2 P H P, with P = I - 11'/m - yhat yhat'/m."""
    yhat, m = one.yhat.T, len(one.y)
    p = torch.eye(m, dtype=yhat.dtype, device=yhat.device) - 1 / m
    p = p - yhat[:, :, None] * yhat[:, None] / m
    return one.factor.view(-1, 1, 1) * (p @ one.h @ p)


def _size(one: Unit) -> Tensor:
    """What an entry of d2L/dy2 may add up from (K, 1, 1): the largest of H, and of g over gamma."""
    largest = one.h.abs().amax((1, 2)) + one.g.abs().amax(0) / one.gamma
    return (one.factor * largest).view(-1, 1, 1)


def _weights(one: Unit, small: Unit, draw: Draws) -> dict[str, float]:
    """The worst X is lambda v e'/|v|; others of that norm reach less. `small` has small gradients."""
    m, inputs = one.x.shape
    squared = RADIUS**2
    direction = draw.normal(inputs)
    direction = direction / direction.norm()
    others = draw.normal(16, m, inputs)
    others = RADIUS * others / torch.linalg.matrix_norm(others, 2)[:, None, None]

    def reached(u: Unit) -> tuple[Tensor, Tensor]:
        x = RADIUS * (u.v / u.v.norm(dim=0)).T[:, :, None] * direction
        best = torch.einsum("kmd,mk->kd", x, u.v).square().sum(1)
        return best, torch.einsum("nmd,mk->nkd", others, u.v).square().sum(2)

    found, control = [], []
    for u in (one, small):  # small ones last: the printed bound is for them
        (best, rest), (size, mean, along) = reached(u), _shares(u)
        bound, scale = u.factor * squared * (size - mean - along), u.factor * squared * size
        found += [worst(best, bound, scale), _excess(rest - bound, scale)]
        control.append(worst(best, bound - u.factor * squared * (m - 1) * along, scale))
    printed = u.factor * ((squared * size) ** 2 - mean - squared * m * along)  # the last ones
    return {
        "weights_error": max(found),
        "weights_control": min(control),
        "slipped_error": _excess(best - printed, scale),
    }


def _curvature(one: Unit) -> dict[str, float]:
    def error(hessian: Tensor) -> float:
        expected = one.x.T @ hessian @ one.x
        return worst(one.by_weights, expected, one.by_weights.abs().amax((1, 2), keepdim=True))

    return {
        "curvature_error": error(_closed(one)),
        "curvature_control": error(_projected(one)),
    }


def _form(h: Tensor, v: Tensor) -> Tensor:
    """v' H v of each unit (K,)."""
    return torch.einsum("ik,kij,jk->k", v, h, v)


def _excess(violation: Tensor, size: Tensor) -> float:
    """The largest positive violation of an inequality, relative to the size of its terms."""
    return worst(violation.clamp(min=0), 0.0, size)
