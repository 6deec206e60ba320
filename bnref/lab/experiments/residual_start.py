"""Residual networks whose branches start at zero: what they compute and pass back, in float64."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.exact import EPS, Draws, affine, draws, layer, sizes, worst
from bnref.norms.beside.skip_init import SkipInit


def run(cell: Cell) -> Measured:
    """Worst error of the first step of `depth` blocks of two convolutions each (`start_error`).

    The blocks are the identity, and of a branch only the last parameters have a gradient. By arm:

    normalised   the branch ends in the arm's norm with weight and bias 0, which have the gradient;
                 control: bias alone 0
    skip_init    SkipInit with alpha 0, no norm: alpha's gradient is <dl/dx, branch(x)>;
                 control: alpha 1 / sqrt(depth)

    Arm: branch, norm (of normalised branches), channels, batch_size, size, depth. Outputs are
    relative to the largest input, gradients to the largest of the branch's last parameters.
    """
    channels, batch_size, size, depth = sizes(cell, "channels", "batch_size", "size", "depth")
    draw = draws(cell, "residual start")
    x = draw.hard(batch_size, channels, size, size, reach=1, offset=10)
    cotangent = draw.normal(*x.shape)

    def normalised(weight: float) -> nn.Module:
        first, last = layer(cell, channels, EPS), layer(cell, channels, EPS)
        affine(last, torch.full((channels,), weight), torch.zeros(channels))
        convs = (_conv(channels, x, draw) for _ in range(2))
        return _Block(nn.Sequential(next(convs), first, nn.ReLU(), next(convs), last))

    def skip_init(alpha: float) -> nn.Module:
        convs = (_conv(channels, x, draw) for _ in range(2))
        return SkipInit(nn.Sequential(next(convs), nn.ReLU(), next(convs)), alpha).to(x)

    build: Callable[[float], nn.Module] = normalised
    moving, wrong = {"branch.4.weight", "branch.4.bias"}, 1.0
    if cell.arm["branch"] == "skip_init":
        build, moving, wrong = skip_init, {"alpha"}, depth**-0.5
    blocks = [build(0.0) for _ in range(depth)]
    found = [_departure(blocks, moving, x, cotangent)]
    for block in blocks:
        if isinstance(block, SkipInit):
            terms = cotangent * block.branch(x)
            found.append(worst(_gradient(block.alpha), terms.sum(), terms.abs().sum()))
    others = [build(wrong) for _ in range(depth)]
    control = _departure(others, moving, x, cotangent)
    return Measured(metrics={"start_error": max(found), "start_control": control})


class _Block(nn.Module):
    """x + branch(x)."""

    def __init__(self, branch: nn.Module) -> None:
        super().__init__()
        self.branch = branch

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = x + self.branch(x)
        return y


def _conv(channels: int, like: Tensor, draw: Draws) -> nn.Conv2d:
    """A 3x3 convolution with He's variance, without bias."""
    made = nn.Conv2d(channels, channels, 3, padding=1, bias=False).to(like)
    bound = (6 / (9 * channels)) ** 0.5
    with torch.no_grad():
        made.weight.copy_(draw.uniform(-bound, bound, *made.weight.shape))
    return made


def _departure(blocks: list[nn.Module], moving: set[str], x: Tensor, cotangent: Tensor) -> float:
    """How far the blocks are from the identity, and the gradients not of `moving` from zero."""
    y = nn.Sequential(*blocks)(x)
    y.backward(cotangent)
    errors = [worst(y, x, x.abs().max())]
    for block in blocks:
        found = {name: _gradient(p).abs().max() for name, p in block.named_parameters()}
        size = max(float(found[name]) for name in moving)
        errors += [worst(g, 0.0, size) for name, g in found.items() if name not in moving]
    return max(errors)


def _gradient(parameter: nn.Parameter) -> Tensor:
    assert parameter.grad is not None, "after the backward pass"
    return parameter.grad
