"""Fold a batch norm in evaluation into the layer before it, in float64."""

import torch
from torch import Tensor
from torch.nn.functional import conv2d

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.exact import EPS, affine, draws, layer, sizes, worst


def run(cell: Cell) -> Measured:
    """Worst error of evaluation against one affine map (`fold_error`), for dense and 3x3 layers.

    With E = running_mean, Var = running_var and a = weight / sqrt(Var + eps), BN(W u + b) is
    (a W) u + a (b - E) + bias, for any input, whatever else is in the batch. `fold_control`: the
    layer's own bias not scaled by a.

    Arm: norm, channels, batch_size, size. Errors are relative to the largest sum of magnitudes of
    the unit's terms.
    """
    channels, batch_size, size = sizes(cell, "channels", "batch_size", "size")
    draw = draws(cell, "folded inference")
    found, control = [], []
    for kernel in (1, 3):
        u = draw.normal(batch_size, channels, size, size)
        w = draw.normal(channels, channels, kernel, kernel) * draw.decades(2, channels, 1, 1, 1)
        b, mean, bias = (draw.normal(channels) * draw.decades(1, channels) for _ in range(3))
        var, weight = draw.decades(4, channels), draw.uniform(0.5, 2, channels)
        bn = layer(cell, channels, EPS)
        affine(bn, weight, bias)
        with torch.no_grad():
            bn.running_mean.copy_(mean)  # type: ignore[operator]
            bn.running_var.copy_(var)  # type: ignore[operator]
            y = bn.eval()(conv2d(u, w, b, padding="same"))
            alone = bn(conv2d(u[:1], w, b, padding="same"))
        a = weight / (var + EPS).sqrt()
        folded = a.view(-1, 1, 1, 1) * w
        shift = a * (b - mean) + bias
        terms = a.abs() * (b.abs() + mean.abs()) + bias.abs()
        magnitude = _map(u.abs(), folded.abs(), terms).amax((0, 2, 3))
        rows = magnitude.view(1, -1, 1, 1)
        expected = _map(u, folded, shift)
        found += [worst(y, expected, rows), worst(alone, expected[:1], rows)]
        control.append(worst(y, _map(u, folded, shift + b - a * b), rows))
    return Measured(metrics={"fold_error": max(found), "fold_control": min(control)})


def _map(u: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return conv2d(u, weight, bias, padding="same")
