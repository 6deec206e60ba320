"""The magnitudes of what a kernel's gradient adds up, from one more backward pass, in float64."""

import torch
from torch import Tensor
from torch.nn.functional import unfold
from torch.nn.grad import conv2d_weight

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.exact import draws, sizes, worst

KERNEL = 3


def run(cell: Cell) -> Measured:
    """Worst relative error of the sum of |d| over images and positions (`summands_error`).

    d = u v, for an input u and the output's gradient v, are the summands of a kernel's gradient. The
    gradient of the kernel for |u| and |v| is the sum of |d|, one by one. `summands_control`: for |u|
    and v, whose magnitude forgets that v has signs.

    Arm: channels, batch_size, size (of the square maps).
    """
    channels, batch_size, size = sizes(cell, "channels", "batch_size", "size")
    draw = draws(cell, "gradient summands")
    u = draw.hard(batch_size, channels, size, size, offset=1)
    v = draw.hard(batch_size, channels, size, size, offset=1)

    def backward(u: Tensor, v: Tensor) -> Tensor:
        return conv2d_weight(u, (channels, channels, KERNEL, KERNEL), v, padding=KERNEL // 2)

    patches = unfold(u, KERNEL, padding=KERNEL // 2)
    summands = torch.einsum("bip,bop->boip", patches, v.flatten(2))
    gradient, magnitude = (s.sum((0, 3)) for s in (summands, summands.abs()))
    shape = (channels, channels, KERNEL, KERNEL)
    magnitude = magnitude.view(shape)
    return Measured(
        metrics={
            "summands_error": max(
                worst(backward(u.abs(), v.abs()), magnitude, magnitude),
                worst(backward(u, v), gradient.view(shape), magnitude),
            ),
            "summands_control": worst(backward(u.abs(), v).abs(), magnitude, magnitude),
        }
    )
