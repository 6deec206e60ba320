"""Optima of a least-squares layer, with a batch norm put after it, in float64."""

import torch
from torch import Tensor, nn

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.exact import affine, draws, layer, on_matrix, sizes, worst


def run(cell: Cell) -> Measured:
    """Worst errors of what the batch norm leaves of the optima, without eps.

    kept       an optimum of X w + b stays stationary in w, gamma and beta once a batch norm with
               gamma = sd and beta = mean follows, which changes no output; control: the same
               weights with gamma = 1 and beta = 0
    unbiased   the same for an optimum of X w, without b
    nearest    k w is as good, k > 0: the nearest such point to w_0 is nearer than w by
               |w|^2 (1 - <w_0, w> / |w|^2)^2; control: (|w|^2 - <w_0, w>)^2 / |w|, one |w| lost

    Arm: norm, channels (units), batch_size, inputs. Gradients are relative to the largest sum of
    magnitudes that they add up, distances to |w_0|^2 + |w|^2.
    """
    channels, batch_size, inputs = sizes(cell, "channels", "batch_size", "inputs")
    draw = draws(cell, "optima")
    x = draw.hard(batch_size, inputs, reach=0.5, offset=3)
    target = draw.normal(batch_size, channels) + draw.uniform(-3, 3, 1, channels)
    one = torch.ones_like(x[:, :1])
    biased = torch.cat([x, one], 1)
    with_bias = torch.linalg.lstsq(biased, target).solution
    without = torch.linalg.lstsq(x, target).solution
    bn = layer(cell, channels)
    y = biased @ with_bias
    mean, sd = y.mean(0), y.std(0, correction=0)

    def slope(inputs: Tensor, w: Tensor, gamma: Tensor, beta: Tensor) -> float:
        affine(bn, gamma, beta)
        return _slope(bn, inputs, w, target)

    plain = x @ without
    w, start = with_bias[:inputs], draw.normal(inputs, channels)
    start = start * (start * w).sum(0).sign()  # <w_0, w> > 0
    k = (start * w).sum(0) / w.square().sum(0)
    affine(bn, sd, mean)
    with torch.no_grad():
        same = max(
            worst(on_matrix(bn, y), y, y.abs().amax(0)),
            worst(on_matrix(bn, x @ (k * w)), y, y.abs().amax(0)),
        )
    gain = (start - w).square().sum(0) - (start - k * w).square().sum(0)
    far, size = 1 - k, start.square().sum(0) + w.square().sum(0)
    expected = w.square().sum(0) * far.square()
    scaled = torch.cat([k * w, with_bias[inputs:]])
    return Measured(
        metrics={
            "kept_error": max(same, slope(biased, with_bias, sd, mean)),
            "kept_control": slope(biased, with_bias, torch.ones_like(sd), torch.zeros_like(sd)),
            "unbiased_error": slope(x, without, plain.std(0, correction=0), plain.mean(0)),
            "nearest_error": max(
                same, worst(gain, expected, size), slope(biased, scaled, sd, mean)
            ),
            "nearest_control": worst(gain, expected * w.norm(dim=0), size),
        }
    )


def _slope(bn: nn.Module, x: Tensor, w: Tensor, target: Tensor) -> float:
    """The largest derivative of the squared loss by w, gamma and beta, relative to its terms.

    The residuals are taken at the size of the target, which they may be far below.
    """
    w = w.clone().requires_grad_()
    y = x @ w
    z = on_matrix(bn, y)
    loss = (z - target).square().sum() / 2
    parameters = (w, bn.weight, bn.bias)
    dw, dgamma, dbeta = torch.autograd.grad(loss, parameters)  # type: ignore[arg-type]
    with torch.no_grad():
        sd, gamma = y.std(0, correction=0), bn.weight
        xhat = (y - y.mean(0)) / sd
        size = target.abs().amax(0) + z.abs().amax(0)
        terms = x.abs().sum(0)[:, None] * size * gamma / sd  # type: ignore[operator]
        return max(
            worst(dw, 0.0, terms),
            worst(dgamma, 0.0, size * xhat.abs().sum(0)),
            worst(dbeta, 0.0, size * len(x)),
        )
