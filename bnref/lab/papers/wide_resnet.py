"""Wide residual networks whose normaliser and ReLU stand before each convolution.

Source: Zagoruyko & Komodakis 2016, section 2; with SkipInit, De & Smith 2020, section 3.
"""

from torch import nn

from bnref.lab.nets import Mean
from bnref.lab.papers.parts import Builder, Sum, convolution
from bnref.norms.beside.skip_init import SkipInit


def wide_resnet(
    depth: int, width: int, norm: Builder, classes: int, *, alpha: float | None = None
) -> nn.Sequential:
    """6n + 4 layers for 32x32 images: n blocks with 16, 32 and 64 times `width` channels.

    With `alpha` every branch is multiplied by one learnt number that starts there (SkipInit), else
    by 1. Where the shape changes, branch and 1x1 shortcut share the normaliser and ReLU.
    """
    inputs = 16
    stem, before = convolution(norm, 3, inputs)
    layers = [stem]
    for stage, channels in enumerate((16, 32, 64)):
        out = channels * width
        for block in range((depth - 4) // 6):
            stride = 2 if stage > 0 and block == 0 else 1
            first, between = convolution(norm, inputs, out, stride=stride)
            last, behind = convolution(norm, out, out)
            branch = (first, between, nn.ReLU(), last)
            if inputs == out:
                layers.append(_sum(nn.Sequential(before, nn.ReLU(), *branch), nn.Identity(), alpha))
            else:
                shortcut, _ = convolution(norm, inputs, out, size=1, stride=stride)
                layers += [before, nn.ReLU(), _sum(nn.Sequential(*branch), shortcut, alpha)]
            inputs, before = out, behind
    return nn.Sequential(*layers, before, nn.ReLU(), Mean(), nn.Linear(inputs, classes))


def _sum(branch: nn.Module, shortcut: nn.Module, alpha: float | None) -> nn.Module:
    return Sum(branch, shortcut) if alpha is None else SkipInit(branch, alpha, shortcut)
