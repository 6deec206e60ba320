"""Residual networks whose ReLU stands behind the sum: relu(shortcut(x) + branch(x)).

Source: He et al. 2016, sections 3.3, 4.1 and 4.2.
"""

from collections.abc import Sequence
from functools import partial

from torch import Tensor, nn
from torch.nn.functional import pad

from bnref.lab.nets import Mean
from bnref.lab.papers.parts import Builder, Sum, convolution


class Padded(nn.Module):
    """A shortcut without parameters: every `stride`-th pixel, new channels zero (option A)."""

    def __init__(self, stride: int, new_channels: int) -> None:
        super().__init__()
        self.stride = stride
        self.new_channels = new_channels

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C + new_channels, ceil(H / stride), ceil(W / stride))."""
        return pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.new_channels))


def cifar_resnet(depth: int, norm: Builder, classes: int, channels: int = 3) -> nn.Sequential:
    """6n + 2 layers for 32x32 images: n blocks of two 3x3 convolutions with 16, 32 and 64 channels."""
    layers: list[nn.Module] = [*convolution(norm, channels, 16), nn.ReLU()]
    inputs = 16
    for out in (16, 32, 64):
        for _ in range((depth - 2) // 6):
            stride = 1 if out == inputs else 2
            branch = nn.Sequential(
                *convolution(norm, inputs, out, stride=stride),
                nn.ReLU(),
                *convolution(norm, out, out),
            )
            shortcut = nn.Identity() if stride == 1 else Padded(stride, out - inputs)
            layers += [Sum(branch, shortcut), nn.ReLU()]
            inputs = out
    return nn.Sequential(*layers, Mean(), nn.Linear(inputs, classes))


def _of_bottlenecks(blocks: Sequence[int], norm: Builder, classes: int) -> nn.Sequential:
    """For 224x224 images: stages of so many bottlenecks of a 1x1, a 3x3 and a 1x1 convolution.

    The 3x3 convolution has the stride, and the last normaliser of a branch starts with weight 0
    (Wu & He 2018, section 4.1), where it has one. Layer by layer torchvision's, in
    whose parameters `tests/lab/test_lab_papers.py` finds the same function; importing torchvision
    would cost every worker two seconds.
    """
    stem = convolution(norm, 3, 64, size=7, stride=2)
    layers = [*stem, nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    inputs = 64
    for count, width in zip(blocks, (64, 128, 256, 512), strict=True):
        for block in range(count):
            stride = 2 if block == 0 and width > 64 else 1
            layers += [_bottleneck(norm, inputs, width, stride), nn.ReLU()]
            inputs = 4 * width
    return nn.Sequential(*layers, Mean(), nn.Linear(inputs, classes))


resnet50 = partial(_of_bottlenecks, (3, 4, 6, 3))
resnet101 = partial(_of_bottlenecks, (3, 4, 23, 3))


def _bottleneck(norm: Builder, inputs: int, width: int, stride: int) -> Sum:
    out = 4 * width
    last, normaliser = convolution(norm, width, out, size=1)
    for name, parameter in normaliser.named_parameters():
        if name.rpartition(".")[2] == "weight":
            nn.init.zeros_(parameter)
    branch = nn.Sequential(
        *convolution(norm, inputs, width, size=1),
        nn.ReLU(),
        *convolution(norm, width, width, stride=stride),
        nn.ReLU(),
        last,
        normaliser,
    )
    if inputs == out:
        return Sum(branch, nn.Identity())
    return Sum(branch, nn.Sequential(*convolution(norm, inputs, out, size=1, stride=stride)))


def start_branches(net: nn.Module, weight: float) -> None:
    """Set the weight of the last normaliser of every branch, where it has one."""
    for module in net.modules():
        if isinstance(module, Sum) and isinstance(module.branch, nn.Sequential):
            for name, parameter in module.branch[-1].named_parameters():
                if name.rpartition(".")[2] == "weight":
                    nn.init.constant_(parameter, weight)
