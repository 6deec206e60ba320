"""Group norm with one group or as many as channels, and batch norm of one image, in float64."""

import torch
from torch import Tensor, nn

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.exact import EPS, affine, draws, layer, sizes, worst
from bnref.norms.group_norm import GroupNorm

OVER_SAMPLE, OVER_MAP, OVER_PIXEL = (1, 2, 3), (2, 3), (1,)


def run(cell: Cell) -> Measured:
    """Worst errors of outputs and gradients (of x, weight and bias) that must agree.

    groups   group norm of one group is layer norm over (C, H, W) with a weight for each channel, of C
             groups instance norm; control: layer norm of each pixel, over C alone
    single   the arm's norm in training on one image is instance norm; control: on two images

    The other side is autograd through the plain formula. Arm: norm, channels, batch_size, size.
    Errors are relative to the largest value of their kind and channel.
    """
    channels, batch_size, size = sizes(cell, "channels", "batch_size", "size")
    draw = draws(cell, "group limits")
    x = draw.hard(batch_size, channels, size, size, reach=1, offset=10)
    x = x * draw.decades(2, batch_size, 1, 1, 1)
    cotangent = draw.normal(*x.shape)
    weight, bias = draw.uniform(0.5, 2, channels), draw.normal(channels)

    def passes(norm: nn.Module, images: int) -> list[Tensor]:
        affine(norm, weight, bias)
        leaf = x[:images].clone().requires_grad_()
        y = norm(leaf)
        leaves = (leaf, norm.weight, norm.bias)
        return [y, *torch.autograd.grad(y, leaves, cotangent[:images])]  # type: ignore[arg-type]

    def group(groups: int) -> nn.Module:
        return GroupNorm(channels, groups, eps=EPS).to(x)

    by_sample, by_map, by_pixel = (
        passes(_Plain(over, channels, x), batch_size)
        for over in (OVER_SAMPLE, OVER_MAP, OVER_PIXEL)
    )
    one_group = passes(group(1), batch_size)
    batch_norm = layer(cell, channels, EPS)
    instance = _Plain(OVER_MAP, channels, x)
    return Measured(
        metrics={
            "groups_error": max(
                _apart(one_group, by_sample), _apart(passes(group(channels), batch_size), by_map)
            ),
            "groups_control": _apart(one_group, by_pixel),
            "single_error": _apart(passes(batch_norm, 1), passes(instance, 1)),
            "single_control": _apart(passes(batch_norm, 2), passes(instance, 2)),
        }
    )


class _Plain(nn.Module):
    """(x - mean) / sqrt(var + eps) over the given axes, by autograd, then weight and bias."""

    def __init__(self, over: tuple[int, ...], channels: int, like: Tensor) -> None:
        super().__init__()
        self.over = over
        self.weight = nn.Parameter(like.new_ones(channels))
        self.bias = nn.Parameter(like.new_zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        centred = x - x.mean(self.over, keepdim=True)
        xhat = centred / (centred.square().mean(self.over, keepdim=True) + EPS).sqrt()
        return xhat * self.weight.view(1, -1, 1, 1) + self.bias.view(1, -1, 1, 1)


def _apart(found: list[Tensor], expected: list[Tensor]) -> float:
    """Outputs and x's gradients relative to each image and map's largest, others to the largest."""
    errors = []
    for a, b in zip(found, expected, strict=True):
        size = b.abs().amax((2, 3), keepdim=True) if b.dim() == 4 else b.abs().max()
        errors.append(worst(a, b, size))
    return max(errors)
