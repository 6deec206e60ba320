"""The mean square of a linear residual stream, averaged over every sign of its weights, in float64."""

from itertools import product

import torch

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.exact import draws, sizes, worst


def run(cell: Cell) -> Measured:
    """Worst relative error of E|x_d|^2 = (skip^2 + alpha^2)^d |x_0|^2 (`growth_error`).

    x_{l+1} = skip x_l + alpha W_l x_l with W_l any n x n matrix of entries +-1/sqrt(n), each equally
    likely: the branch keeps the mean square on average, as with LeCun's variance. Exact for each
    input, by enumerating all 2^(n n d) networks. `growth_control`: growth by alpha^2 for each block
    that is not compounded, skip^2 (1 + d alpha^2), as behind a batch norm.

    Arm: alpha, skip, width (n), depth (d), batch_size.
    """
    width, depth, batch_size = sizes(cell, "width", "depth", "batch_size")
    alpha, skip = float(cell.arm["alpha"]), float(cell.arm["skip"])  # type: ignore[arg-type]
    x = draws(cell, "residual growth").hard(batch_size, width, reach=2)
    signs = x.new_tensor(list(product((-1, 1), repeat=width * width)))
    w = signs.view(-1, width, width) / width**0.5
    streams = x[None]  # (networks so far, batch, width)
    for _ in range(depth):
        branches = torch.einsum("koi,sbi->skbo", w, streams)
        streams = (skip * streams[:, None] + alpha * branches).flatten(0, 1)
    found, start = streams.square().sum(2).mean(0), x.square().sum(1)
    law = (skip**2 + alpha**2) ** depth * start
    linear = skip**2 * (1 + depth * alpha**2) * start
    return Measured(
        metrics={
            "growth_error": worst(found, law, law),
            "growth_control": worst(linear, found, law),
        }
    )
