"""Wide residual networks whose normaliser and ReLU stand before each convolution.

Source: Zagoruyko & Komodakis 2016, section 2; the forms without normaliser, De & Smith 2020, section 3.
"""

import torch
from torch import Tensor, nn

from bnref.lab.nets import Mean
from bnref.lab.papers.parts import Builder, convolution
from bnref.lab.residual import FORMS, Form
from bnref.norms.identity import Identity


class Block(nn.Module):
    """skip shortcut(x) + alpha branch(x), with the form's skip and alpha for so many `blocks`."""

    def __init__(self, branch: nn.Module, shortcut: nn.Module, form: Form, blocks: int) -> None:
        super().__init__()
        self.branch = branch
        self.shortcut = shortcut
        self.skip = form.skip
        start = form.start(blocks)
        self.alpha = nn.Parameter(torch.tensor(start)) if form.learned else start

    def forward(self, x: Tensor) -> Tensor:
        """The sum of the two paths."""
        kept, added = self.paths(x)
        return kept + added

    def paths(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Skip path and branch, each as it enters the sum."""
        kept, added = self.shortcut(x), self.branch(x)
        if isinstance(self.alpha, nn.Parameter) or self.alpha != 1:
            added = self.alpha * added
        return (kept if self.skip == 1 else self.skip * kept), added


def wide_resnet(
    depth: int, width: int, norm: Builder, classes: int, form: Form = FORMS["batch_norm"]
) -> nn.Sequential:
    """6n + 4 layers for 32x32 images: n blocks with 16, 32 and 64 times `width` channels.

    The form says where the normaliser stands and what multiplies the paths of a block: see
    `bnref.lab.residual`. Where the shape changes, branch and 1x1 shortcut share the normaliser, if
    there is one, and ReLU. A convolution has a bias unless a normaliser of its branch follows.
    """
    inside: Builder = norm if form.branch else Identity
    inputs, blocks = 16, (depth - 4) // 2
    stem, before = convolution(inside, 3, inputs)
    layers = [stem]
    for stage, channels in enumerate((16, 32, 64)):
        out = channels * width
        for number in range(blocks // 3):
            stride = 2 if stage > 0 and number == 0 else 1
            first, between = convolution(inside, inputs, out, stride=stride)
            last, behind = convolution(inside, out, out)
            branch = (first, between, nn.ReLU(), last)
            if inputs == out:
                whole = nn.Sequential(before, nn.ReLU(), *branch)
                layers.append(Block(whole, nn.Identity(), form, blocks))
            else:
                shortcut, _ = convolution(inside, inputs, out, size=1, stride=stride)
                both = Block(nn.Sequential(*branch), shortcut, form, blocks)
                layers += [before, nn.ReLU(), both]
            if form.merged:
                layers.append(norm(out))
            inputs, before = out, behind
    ending = norm(inputs) if form.final else before
    return nn.Sequential(*layers, ending, nn.ReLU(), Mean(), nn.Linear(inputs, classes))
