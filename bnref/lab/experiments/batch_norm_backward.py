"""What a batch norm does to a gradient, against the closed forms, in float64 and training mode."""

import torch
from torch import Tensor, nn

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.exact import EPS, NO_EPS, affine, draws, layer, moments, on_matrix, sizes, worst


def run(cell: Cell) -> Measured:
    """Worst errors of the identities, and of a wrong formula for each (`_control`).

    With g the gradient of the outputs y (m, C), s = sqrt(var + eps), xhat = (x - mean) / s,
    q = var / (var + eps):

    chain       the paper's six lines, with and without the second term of the mean's, and the short
                form weight/s (g - mean g - xhat mean(g xhat)); control: statistics as constants
    sums        sum dx = 0, sum dx (x - mean) = weight (1 - q) sum g xhat; control: the second is 0
    jacobian    d xhat_i / d x_j = (delta_ij - 1/m - xhat_i xhat_j / m) / s, a projection of rank
                m - 2 over s where eps is 0, with null vectors 1 and xhat; control: without the last
                term

    Arm: norm, channels, batch_size (m). Errors are relative to the largest term of their sum times
    its length.
    """
    channels, batch_size = sizes(cell, "channels", "batch_size")
    draw = draws(cell, "batch norm backward")
    x = draw.hard(batch_size, channels)
    g = draw.normal(batch_size, channels) * draw.decades(2, 1, channels)
    bn = layer(cell, channels, EPS)
    affine(bn, draw.uniform(0.5, 2, channels), draw.normal(channels))
    few = x[: max(4, batch_size // 4)]
    return Measured(metrics={**_gradients(bn, x, g), **_jacobians(bn, few)})


def _gradients(bn: nn.Module, x: Tensor, g: Tensor) -> dict[str, float]:
    """The identities on the layer's own gradients of x, weight and bias."""
    leaf = x.clone().requires_grad_()
    parameters = (leaf, bn.weight, bn.bias)
    dx, dweight, dbias = torch.autograd.grad(on_matrix(bn, leaf), parameters, g)  # type: ignore[arg-type]
    weight = bn.weight.detach()  # type: ignore[operator]
    mean, var = moments(x)
    s, m = (var + EPS).sqrt(), len(x)
    xhat, centred, q = (x - mean) / s, x - mean, var / (var + EPS)
    size = (weight * g / s).abs().amax(0)
    chain_error = max(
        *(worst(dx, _chain(x, g, weight, second), size) for second in (True, False)),
        worst(dx, weight / s * (g - g.mean(0) - xhat * (g * xhat).mean(0)), size),
        worst(dweight, (g * xhat).sum(0), (g * xhat).abs().sum(0)),
        worst(dbias, g.sum(0), g.abs().sum(0)),
    )
    total = (weight * g / s * centred).abs().sum(0)
    along = (dx * centred).sum(0)
    return {
        "chain_error": chain_error,
        "chain_control": worst(dx, weight * g / s, size),
        "sums_error": max(
            worst(dx.sum(0), 0.0, m * size),
            worst(along, (weight * (1 - q) * (g * xhat).sum(0)).flatten(), total),
        ),
        "sums_control": worst(along, 0.0, total),
    }


def _chain(x: Tensor, g: Tensor, weight: Tensor, second: bool) -> Tensor:
    """Section 3's lines for the gradient of x; `second` keeps the term that is zero."""
    mean, var = moments(x)
    centred, m = x - mean, len(x)
    dxhat = g * weight
    dvar = (dxhat * centred).sum(0) * -0.5 * (var + EPS) ** -1.5
    dmean = -dxhat.sum(0) / (var + EPS).sqrt()
    if second:
        dmean = dmean + dvar * (-2 * centred).sum(0) / m
    return dxhat / (var + EPS).sqrt() + dvar * 2 * centred / m + dmean / m


def _jacobians(bn: nn.Module, x: Tensor) -> dict[str, float]:
    """d y / d x of every channel (i, j, C), times s / weight, with eps and without."""
    weight, (mean, var), m = bn.weight.detach(), moments(x), len(x)  # type: ignore[operator]
    one = torch.ones((m, 1), dtype=x.dtype, device=x.device)
    delta = torch.eye(m, dtype=x.dtype, device=x.device)[:, :, None]
    found, control = [], []
    for eps in (EPS, NO_EPS):
        bn.eps = eps  # type: ignore[assignment]
        s = (var + eps).sqrt()
        xhat = (x - mean) / s
        leaf = x.clone().requires_grad_()
        y = on_matrix(bn, leaf)
        rows = [torch.autograd.grad(row.sum(), leaf, retain_graph=True)[0] for row in y]
        jacobian = torch.stack(rows) * s / weight
        centring = delta - 1 / m
        found.append(worst(jacobian, centring - xhat[:, None] * xhat[None] / m))
        control.append(worst(jacobian, centring))
    per_channel = jacobian.movedim(-1, 0)  # without eps: a projection
    null = torch.stack([one.expand(m, x.shape[1]), xhat]).permute(2, 1, 0)
    found += [
        worst(per_channel @ per_channel, per_channel),
        worst(per_channel.diagonal(dim1=1, dim2=2).sum(1), m - 2.0, m),
        worst(per_channel @ null, 0.0, m),
    ]
    return {"jacobian_error": max(found), "jacobian_control": min(control)}
