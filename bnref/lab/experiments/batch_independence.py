"""Whether an image's output depends on the other images of its batch, in float64."""

import torch
from torch import Tensor, nn

import bnref.norms
from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.exact import draws, sizes, worst
from bnref.norms.batch_norm import BatchNorm


def run(cell: Cell) -> Measured:
    """Worst dependence of the arm's norm on the rest of the batch (`apart_error`).

    The gradient that the weighted outputs of one image pass to the other images, relative to what it
    passes to itself; and the difference of an image's output in the batch, alone, and in evaluation,
    relative to its largest. `apart_control`: the least of the three for batch norm.

    Arm: other (the norm), channels, batch_size, size.
    """
    channels, batch_size, size = sizes(cell, "channels", "batch_size", "size")
    draw = draws(cell, "batch independence")
    x = draw.hard(batch_size, channels, size, size, reach=1, offset=10)
    cotangent = draw.normal(channels, size, size)
    norm = bnref.norms.get(str(cell.arm["other"])).build(channels)
    return Measured(
        metrics={
            "apart_error": max(_dependence(norm.to(x), x, cotangent)),
            "apart_control": min(_dependence(BatchNorm(channels).to(x), x, cotangent)),
        }
    )


def _dependence(norm: nn.Module, x: Tensor, cotangent: Tensor) -> tuple[float, float, float]:
    """Gradient to other images, output alone, output in evaluation, for the first image."""
    leaf = x.clone().requires_grad_()
    y = norm.train()(leaf)
    (gradient,) = torch.autograd.grad((y[0] * cotangent).sum(), leaf)
    with torch.no_grad():
        first, alone, evaluated = y[0], norm(x[:1])[0], norm.eval()(x)[0]
    size = first.abs().max()
    return (
        worst(gradient[1:], 0.0, gradient[0].abs().max()),
        worst(alone, first, size),
        worst(evaluated, first, size),
    )
