"""Scale the weights before a layer and compare its output and gradients with the unscaled ones."""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d

import bnref.norms
from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.randomness import generator

DECADES = 3.0
"""Factors are drawn over ten to the power of -3 to 3."""
EPS = 1e-5
NO_EPS = 1e-300
"""Adding it leaves every float64 variance as it is; torch's own layer refuses eps = 0."""


def run(cell: Cell) -> Measured:
    """Worst relative errors of the norm N in N((aW)u) = N(Wu), in float64 and training mode.

    d/du must stay and d/d(aW) be 1/a times d/dW, for the sum of the outputs weighted by a random
    cotangent. Two cases: without eps, a factor a_k of its own for each unit k; one factor a for all
    units, with eps for W and a^2 eps for aW.

    Arm: norm, layer ("dense", a convolution of 1x1 images, or "convolution" of 3x3 kernels),
    channels in and out, batch_size and, for convolutions, size (of the square images).
    Raises ValueError where the layer lacks `eps` or changes the shape.
    """
    channels, batch_size = (int(cell.arm[name]) for name in ("channels", "batch_size"))  # type: ignore[arg-type]
    kernel, size = (1, 1) if cell.arm["layer"] == "dense" else (3, int(cell.arm["size"]))  # type: ignore[arg-type]
    draw = generator(cell.seed, "scale invariance")

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=draw, dtype=torch.float64).to(cell.device)

    u = normal(batch_size, channels, size, size)
    weight = normal(channels, channels, kernel, kernel)
    cotangent = normal(batch_size, channels, size, size)
    exponents = 2 * torch.rand(channels + 1, generator=draw, dtype=torch.float64) - 1
    factors = (10 ** (DECADES * exponents)).to(cell.device)
    layer = _layer(cell, channels, draw)

    own, common = factors[1:].view(-1, 1, 1, 1), factors[:1].view(1, 1, 1, 1)
    found = []
    for a, eps, scaled_eps in (
        (own, NO_EPS, NO_EPS),
        (common, EPS, float(common) ** 2 * EPS),
    ):
        plain = _passes(layer, eps, u, weight, cotangent)
        scaled = _passes(layer, scaled_eps, u, a * weight, cotangent)
        found.append(errors(plain, scaled, a))
    names = ("output_error", "input_gradient_error", "weight_gradient_error")
    metrics = {name: max(pair) for name, pair in zip(names, zip(*found, strict=True), strict=True)}
    return Measured(metrics={**metrics, "error": max(metrics.values())})


def _layer(cell: Cell, channels: int, draw: torch.Generator) -> nn.Module:
    """The arm's layer in float64, in training mode, with parameters other than at the start."""
    norm = str(cell.arm["norm"])
    layer = bnref.norms.get(norm).build(channels).to(cell.device, torch.float64).train()
    if not hasattr(layer, "eps"):
        raise ValueError(f"{norm} has no eps: its scale invariance cannot be checked without")
    with torch.no_grad():
        for parameter in layer.parameters():
            drawn = torch.rand(parameter.shape, generator=draw, dtype=torch.float64)
            parameter.copy_(0.5 + drawn)
    return layer


Passes = tuple[Tensor, Tensor, Tensor]
"""Output, and gradients with respect to the layer's input u and the weights."""


def _passes(layer: nn.Module, eps: float, u: Tensor, weight: Tensor, cotangent: Tensor) -> Passes:
    """One pass forward and one backward through convolution and norm."""
    layer.eps = eps  # type: ignore[assignment]
    u, weight = u.clone().requires_grad_(), weight.clone().requires_grad_()
    y = layer(conv2d(u, weight, padding="same"))
    if y.shape != cotangent.shape:
        raise ValueError(f"the norm made {tuple(y.shape)} of {tuple(cotangent.shape)}")
    du, dweight = torch.autograd.grad(y, (u, weight), cotangent)
    return y.detach(), du, dweight


def errors(plain: Passes, scaled: Passes, factors: Tensor) -> tuple[float, float, float]:
    """Relative errors of output, gradient of u, and weight gradient times the factors.

    Outputs are taken relative to the largest of their unit, weight gradients to that of their row.
    """
    (y, du, dweight), (scaled_y, scaled_du, scaled_dweight) = plain, scaled
    return (
        _worst(scaled_y, y, (0, 2, 3)),
        _worst(scaled_du, du, (0, 1, 2, 3)),
        _worst(factors * scaled_dweight, dweight, (1, 2, 3)),
    )


def _worst(found: Tensor, expected: Tensor, together: tuple[int, ...]) -> float:
    """Largest error, each relative to the largest expected value of those taken together."""
    error = (found - expected).abs().amax(together) / expected.abs().amax(together)
    worst = float(error.max())
    return worst if math.isfinite(worst) else 1e300  # a record holds finite numbers
