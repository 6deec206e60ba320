"""Singular values of products of random matrices (Bjorck et al. 2018, section 4), in float64."""

import torch
from torch import Tensor

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.exact import Draws, draws, sizes

POINTS = 60


def run(cell: Cell) -> Measured:
    """The spectrum of a product of `factors` random N x N matrices that keep the mean square.

    With the singular values s: `participation` (sum s^2)^2 / (N sum s^4); `largest`; `small_share`,
    the share below 0.1; `condition`, log10 of largest over least, and `condition_slope`, its
    least-squares slope over the products of one factor, two, and so on, which is meant for products
    that float64 resolves (below 13 decades). Series: `condition` by `factors`, quantiles of s.

    Arm: weights ("gaussian", of variance 1/N, or "orthogonal"), width (N), factors.
    """
    width, factors = sizes(cell, "width", "factors")
    draw = draws(cell, "random products")
    build = {"gaussian": gaussian, "orthogonal": orthogonal}[str(cell.arm["weights"])]
    product = torch.eye(width, dtype=torch.float64, device=cell.device)
    conditions = []
    for _ in range(factors):
        product = build(draw, width) @ product
        s = torch.linalg.svdvals(product)
        conditions.append(float((s[0] / s[-1]).log10()))
    power = s.square()
    levels = (torch.arange(POINTS, dtype=s.dtype, device=s.device) + 0.5) / POINTS
    metrics = {
        "participation": float(power.sum().square() / (width * power.square().sum())),
        "largest": float(s[0]),
        "small_share": float((s < 0.1).double().mean()),
        "condition": conditions[-1],
    }
    if factors > 1:
        at = torch.arange(factors, dtype=torch.float64) - (factors - 1) / 2
        metrics["condition_slope"] = float(
            at @ torch.tensor(conditions, dtype=at.dtype) / (at @ at)
        )
    return Measured(
        metrics=metrics,
        series={
            "factors": [float(m) for m in range(1, factors + 1)],
            "condition": conditions,
            "singular_values": [float(v) for v in s.quantile(levels)],
        },
    )


def gaussian(draw: Draws, width: int) -> Tensor:
    """Independent entries N(0, 1/width)."""
    return draw.normal(width, width) / width**0.5


def orthogonal(draw: Draws, width: int) -> Tensor:
    """Uniform over the orthogonal matrices (Mezzadri 2007, section 4)."""
    q, r = torch.linalg.qr(draw.normal(width, width))
    return q * r.diagonal().sign()
