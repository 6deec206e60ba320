"""What a batch norm does to a batch, against the closed forms, in float64 and training mode."""

import torch
from torch import Tensor, nn

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.exact import (
    EPS,
    Draws,
    affine,
    draws,
    layer,
    moments,
    on_matrix,
    over_batch,
    sizes,
    worst,
)


def run(cell: Cell) -> Measured:
    """Worst errors of the identities, and of a wrong formula for each (`_control`).

    moments        mean 0 and mean square q = var / (var + eps); control: variance unbiased
    identity       weight = sqrt(var + eps), bias = mean give y = x, in training on that batch, in
                   evaluation on any; control: weight without eps
    scaled         BN_eps(a x) = sign(a) BN_(eps/a^2)(x); control: eps as it was
    any_scalar     without eps BN(a x) = BN(x) for a of either sign, as printed
    maps           an image of C maps as the batch of its N H W pixels, and as shifted;
                   control: statistics of its own for each activation
    rank           N samples of more than N features have a covariance of rank N - 1 at most: the
                   N-th singular value of the centred batch over the first; control: not centred

    Arm: norm, channels, batch_size, size (of the square maps). Errors are relative to the root mean
    square (moments, scaled), the largest value (identity, maps) or singular value (rank).
    """
    channels, batch_size, size = sizes(cell, "channels", "batch_size", "size")
    draw = draws(cell, "batch norm forward")
    x = draw.hard(batch_size, channels, size, size)
    with torch.no_grad():
        metrics = {
            **_moments(layer(cell, channels, EPS), x),
            **_identity(layer(cell, channels, EPS), x, draw),
            **_scaled(layer(cell, channels), x, draw),
            **_maps(layer(cell, channels, EPS), layer(cell, x[0].numel(), EPS), x, draw),
            **_rank(x.flatten(1)),
        }
    return Measured(metrics=metrics)


def _moments(bn: nn.Module, x: Tensor) -> dict[str, float]:
    var, axes, count = moments(x)[1], over_batch(x), x.numel() // x.shape[1]
    y = bn(x)
    q = (var / (var + EPS)).flatten()
    square = y.square().mean(axes)
    return {
        "moments_error": max(worst(y.mean(axes), 0.0, q.sqrt()), worst(square, q, q)),
        "moments_control": worst(square, q * (count - 1) / count, q),
    }


def _identity(bn: nn.Module, x: Tensor, draw: Draws) -> dict[str, float]:
    """At evaluation on fresh data of the same scales, with the batch's biased variance as buffer."""
    mean, var = moments(x)
    other = mean + var.sqrt() * draw.normal(*x.shape)
    size = x.abs().amax(over_batch(x), keepdim=True)
    mean, var = mean.flatten(), var.flatten()
    affine(bn, (var + EPS).sqrt(), mean)
    found = worst(bn(x), x, size)
    for name, value in (("running_mean", mean), ("running_var", var)):
        getattr(bn, name).copy_(value)
    found = max(found, worst(bn.eval()(other), other, size))
    affine(bn.train(), var.sqrt(), mean)
    return {"identity_error": found, "identity_control": worst(bn(x), x, size)}


def _scaled(bn: nn.Module, x: Tensor, draw: Draws) -> dict[str, float]:
    """A common factor of either sign, as eps is common, then one for each channel without eps."""
    plain = bn(x)
    own = draw.decades(3, 1, x.shape[1], 1, 1) * _both_signs(x.shape[1], draw).view(1, -1, 1, 1)
    by_own = bn(own * x)
    found, control = [worst(by_own, own.sign() * plain)], []
    for a in (float(draw.decades(3)), -float(draw.decades(3))):
        expected = _at(bn, EPS / a**2, x) * (1 if a > 0 else -1)
        size = expected.square().mean(over_batch(x), keepdim=True).sqrt()
        found.append(worst(_at(bn, EPS, a * x), expected, size))
        unscaled = _at(bn, EPS, x) * (1 if a > 0 else -1)
        control.append(worst(unscaled, expected, size))
    return {
        "scaled_error": max(found),
        "scaled_control": min(control),
        "any_scalar_error": worst(by_own, plain),
    }


def _both_signs(count: int, draw: Draws) -> Tensor:
    """Random signs, the first one negative."""
    signs = draw.signs(count)
    return signs * -signs[0]


def _at(bn: nn.Module, eps: float, x: Tensor) -> Tensor:
    bn.eps = eps  # type: ignore[assignment]
    y: Tensor = bn(x)
    return y


def _maps(bn: nn.Module, single: nn.Module, x: Tensor, draw: Draws) -> dict[str, float]:
    weight, bias = draw.uniform(0.5, 2, x.shape[1]), draw.normal(x.shape[1])
    affine(bn, weight, bias)
    y = bn(x)
    size = y.abs().amax(over_batch(x), keepdim=True)
    last = x.movedim(1, -1)
    as_pixels = on_matrix(bn, last.flatten(0, -2)).view(last.shape).movedim(-1, 1)
    shift = (1, x.shape[-1] // 2)
    shifted = bn(x.roll(shift, (2, 3)))
    pixels = x[0, 0].numel()
    affine(single, weight.repeat_interleave(pixels), bias.repeat_interleave(pixels))
    per_activation = on_matrix(single, x.flatten(1)).view(x.shape)
    return {
        "maps_error": max(
            worst(as_pixels, y, size),
            worst(shifted, y.roll(shift, (2, 3)), size),
        ),
        "maps_control": worst(per_activation, y, size),
    }


def _rank(samples: Tensor) -> dict[str, float]:
    """Of as few samples as leave more features than samples."""
    features = samples.shape[1]
    few = samples[: min(len(samples), features // 2)]

    def last(matrix: Tensor) -> float:
        values = torch.linalg.svdvals(matrix)
        return float(values[-1] / values[0])

    return {"rank_error": last(few - few.mean(0)), "rank_control": last(few)}
