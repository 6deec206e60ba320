"""Deep residual networks, with a normaliser behind every layer, before the classifier only, or nowhere.

Post-activation blocks x <- relu(skip(x) + f2(relu(f1(x)))) (He et al. 2016, section 3), as in ResNet-110.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, pad

import bnref.norms
from bnref.evidence.cell import Cell
from bnref.lab.data import Data
from bnref.lab.nets import has_shift, initialise
from bnref.lab.training import DIVERGED_LOSS

Builder = Callable[[int], nn.Module]


class Block(nn.Module):
    """relu(skip(x) + branch(x)); the skip has no parameters: averaged over space, padded with zeros.

    Once `alpha` is set the branch is multiplied by it, a scalar that is trained.
    """

    def __init__(self, branch: nn.Sequential, stride: int, new_channels: int) -> None:
        super().__init__()
        self.branch, self.stride, self.new_channels = branch, stride, new_channels
        self.alpha: nn.Parameter | None = None

    def forward(self, x: Tensor) -> Tensor:
        skip = avg_pool2d(x, self.stride, ceil_mode=True) if self.stride > 1 else x
        if self.new_channels:
            skip = pad(skip, (0, 0, 0, 0, 0, self.new_channels))
        branch = self.branch(x)
        return torch.relu(skip + (branch if self.alpha is None else self.alpha * branch))


class Residual(nn.Module):
    """Stem, blocks and head, apart, so that a probe can stop between any two blocks."""

    def __init__(self, stem: nn.Module, blocks: list[Block], head: nn.Module) -> None:
        super().__init__()
        self.stem, self.blocks, self.head = stem, nn.ModuleList(blocks), head

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.head(self.streams(x)[-1])
        return y

    def streams(self, x: Tensor) -> list[Tensor]:
        """What leaves each block."""
        found, x = [], self.stem(x)
        for block in self.blocks:
            x = block(x)
            found.append(x)
        return found


class Mean(nn.Module):
    """Average over space, kept as a map of one pixel, so that a normaliser of maps can follow."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C, 1, 1)."""
        return x.mean((2, 3), keepdim=True)


def network(cell: Cell, data: Data) -> Residual:
    """The net of the cell's arm, initialised by its seed, on its device.

    Arm: norm; where ("every" layer, or only the "last": the averaged features before the
    classifier); net ("resnet": three stages of `blocks` blocks of two 3x3 convolutions, of `width`,
    2 width and 4 width channels; "residual_mlp": `blocks` blocks of two linear layers of `width`);
    optionally alpha, at which a trained factor of every branch starts (SkipInit's is 0).
    Weights are N(0, 1/fan_in), Xavier's where a layer keeps its width.
    """
    arm = cell.arm
    if arm["where"] not in ("every", "last"):
        raise ValueError(f"where is {arm['where']!r}, expected 'every' or 'last'")
    chosen, none = (bnref.norms.get(str(name)).build for name in (arm["norm"], "identity"))
    inside, before_head = (chosen, none) if arm["where"] == "every" else (none, chosen)
    blocks, width = int(arm["blocks"]), int(arm["width"])  # type: ignore[arg-type]
    build = resnet if arm["net"] == "resnet" else residual_mlp
    net = build(inside, before_head, data.train.images[0], data.classes, blocks, width)
    initialise(net, cell.seed, gain=1.0)
    if "alpha" in arm:
        for block in net.blocks:
            block.alpha = nn.Parameter(torch.tensor(float(arm["alpha"])))  # type: ignore[arg-type]
    return net.to(cell.device)


def recipe(cell: Cell) -> dict[str, Any]:
    """How `train` trains it but for rate and steps: plain SGD where the arm says nothing else.

    Arm: batch_size and optionally sgd_momentum, weight_decay, augment and worst_loss, above which a run
    has diverged (1e3 as in Bjorck et al. 2018).
    """
    arm = cell.arm
    return {
        "batch_size": int(arm["batch_size"]),  # type: ignore[arg-type]
        "seed": cell.seed,
        "sgd_momentum": float(arm.get("sgd_momentum") or 0),
        "weight_decay": float(arm.get("weight_decay") or 0),
        "augment": arm.get("augment"),
        "worst_loss": float(arm.get("worst_loss") or DIVERGED_LOSS),
    }


def resnet(
    norm: Builder, last: Builder, image: Tensor, classes: int, blocks: int, width: int
) -> Residual:
    """Three stages of blocks of 3x3 convolutions; the second and third start with stride 2."""
    stem = nn.Sequential(*_convolution(norm, image.shape[0], width, 1), nn.ReLU())
    made, channels = [], width
    for stage in range(3):
        for index in range(blocks):
            out, stride = width * 2**stage, 2 if stage and not index else 1
            branch = nn.Sequential(
                *_convolution(norm, channels, out, stride),
                nn.ReLU(),
                *_convolution(norm, out, out, 1),
            )
            made.append(Block(branch, stride, out - channels))
            channels = out
    head = nn.Sequential(Mean(), last(channels), nn.Flatten(), nn.Linear(channels, classes))
    return Residual(stem, made, head)


def residual_mlp(
    norm: Builder, last: Builder, image: Tensor, classes: int, blocks: int, width: int
) -> Residual:
    """Blocks of two linear layers, as 1x1 convolutions on maps of one pixel."""

    def linear(inputs: int) -> tuple[nn.Module, nn.Module]:
        normaliser = norm(width)
        return nn.Conv2d(inputs, width, 1, bias=not has_shift(normaliser)), normaliser

    flat = nn.Unflatten(1, (image.numel(), 1, 1))
    stem = nn.Sequential(nn.Flatten(), flat, *linear(image.numel()), nn.ReLU())
    made = [
        Block(nn.Sequential(*linear(width), nn.ReLU(), *linear(width)), 1, 0) for _ in range(blocks)
    ]
    return Residual(stem, made, nn.Sequential(last(width), nn.Flatten(), nn.Linear(width, classes)))


def _convolution(norm: Builder, inputs: int, out: int, stride: int) -> tuple[nn.Module, nn.Module]:
    normaliser = norm(out)
    return nn.Conv2d(inputs, out, 3, stride, 1, bias=not has_shift(normaliser)), normaliser
