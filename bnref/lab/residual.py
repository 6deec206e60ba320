"""Residual networks of linear layers, many side by side: how a block adds its branch to the skip path.

    x <- merge(skip x + alpha f(x)),    f = m times: linear(ReLU(norm(.) + bias))

Pre-activation blocks as in De & Smith 2020. `copies` networks of one shape run as one batched
product: independent draws of the weights, or the same weights trained at as many rates.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import batch_norm

from bnref.lab.dropout import Dropout
from bnref.lab.randomness import generator


@dataclass(frozen=True)
class Form:
    """Where batch norm stands, and what multiplies the two paths at the start.

    `branch`: before every ReLU of a branch and before the classifier. `merged`: on the sum, and
    `final`: before the classifier only. `skip` is fixed. `alpha` multiplies the branch by
    alpha depth^power; it is trained if `learned`.
    """

    branch: bool = False
    merged: bool = False
    final: bool = False
    skip: float = 1.0
    alpha: float = 1.0
    power: float = 0.0
    learned: bool = False

    def start(self, depth: int) -> float:
        """The branch's multiplier at the start, in a network of `depth` blocks."""
        return self.alpha * depth**self.power


FORMS = {
    "plain": Form(),
    "batch_norm": Form(branch=True, final=True),
    "merged_batch_norm": Form(merged=True),
    "final_batch_norm": Form(final=True),
    "over_root_two": Form(skip=0.5**0.5, alpha=0.5**0.5),
    "skip_init_0": Form(alpha=0.0, learned=True),
    "skip_init_root": Form(power=-0.5, learned=True),
    "skip_init_1": Form(learned=True),
}
"""SkipInit's scalar starts at 0, 1/sqrt(blocks) or 1."""


class Blocks(nn.Module):
    """`depth` blocks of `layers` linear layers each, for (copies, width, batch) -> the same shape.

    Weights are N(0, 2 / width) (He), scaled by `first` but in the last layer of a branch by `last`;
    drawn by the seed, the same in every copy unless `independent`. With `linear` there is no ReLU
    and the variance is 1 / width (LeCun). Batch norm has eps 1e-5 and torch's momentum 0.1; in
    training it normalises `ghost` inputs at a time, all of the batch where that is 0.
    """

    def __init__(
        self,
        form: Form,
        *,
        depth: int,
        width: int,
        copies: int,
        seed: int,
        layers: int = 1,
        linear: bool = False,
        independent: bool = False,
        first: float = 1.0,
        last: float = 1.0,
        ghost: int = 0,
    ) -> None:
        super().__init__()
        self.form, self.linear, self.ghost = form, linear, ghost
        std = ((1.0 if linear else 2.0) / width) ** 0.5
        own = copies if independent else 1
        weights = torch.empty(depth, layers, copies, width, width)
        for block in range(depth):
            for layer in range(layers):
                draw = generator(seed, f"weights/{block}/{layer}")
                scale = std * (last if layer == layers - 1 else first)
                drawn = torch.randn(own, width, width, generator=draw)
                weights[block, layer] = drawn * scale
        self.weights = nn.Parameter(weights)
        self.biases = nn.Parameter(torch.zeros(depth, layers, copies, width, 1))
        self.gains = nn.Parameter(torch.ones(depth, layers, copies, width, 1), form.branch)
        self.alphas = nn.Parameter(
            torch.full((depth, copies, 1, 1), form.start(depth)), form.learned
        )
        self.norms = nn.ModuleList(
            Normalise(copies * width, ghost)
            for _ in range(depth * (layers if form.branch else int(form.merged)))
        )

    def forward(self, x: Tensor) -> Tensor:
        """The stream after the last block."""
        ((last, _),) = deque(self.streams(x), maxlen=1)
        return last

    def streams(self, x: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """After each block the stream, and what its branch added, alpha f(x)."""
        parts = (part.unbind() for part in (self.weights, self.biases, self.gains, self.alphas))
        norms = iter(self.norms)
        for weights, biases, gains, alpha in zip(*parts, strict=True):
            branch = x
            for weight, bias, gain in zip(weights, biases, gains, strict=True):
                if self.form.branch:
                    branch = next(norms)(branch) * gain
                branch = branch + bias
                branch = weight @ (branch if self.linear else branch.relu())
            if self.form.learned or self.form.alpha != 1:
                branch = alpha * branch
            x = (x if self.form.skip == 1 else self.form.skip * x) + branch
            if self.form.merged:
                x = next(norms)(x)
            yield x, branch


class Normalise(nn.Module):
    """Batch norm without weight and bias over the last dimension of (copies, width, batch).

    With `ghost` that of Hoffer et al. 2017 (algorithm 1): running statistics take the mean of the ghosts'.
    """

    def __init__(self, channels: int, ghost: int = 0) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(channels, affine=False)
        self.ghost = ghost

    def forward(self, x: Tensor) -> Tensor:
        """Every unit of every copy is a channel, and the batch its positions."""
        if self.ghost and self.training:
            return self._by_ghosts(x)
        y: Tensor = self.norm(x.reshape(1, -1, x.shape[-1])).view_as(x)
        return y

    def _by_ghosts(self, x: Tensor) -> Tensor:
        ghosts = x.reshape(1, -1, self.ghost)  # of every channel one behind the other
        with torch.no_grad():
            of_each = (ghosts.mean(2), ghosts.var(2))
            running = (self.norm.running_mean, self.norm.running_var)
            for kept, found in zip(running, of_each, strict=True):
                assert kept is not None
                kept.lerp_(found.view(len(kept), -1).mean(1), self.norm.momentum or 0)
        return batch_norm(ghosts, None, None, training=True, eps=self.norm.eps).view_as(x)


class Network(nn.Module):
    """Linear stem, blocks, ReLU and linear classifier: (batch, inputs) -> (copies, classes, batch).

    Stem N(0, 1 / inputs); classifier N(0, 1 / width), or 0 where `head` is 0. All copies start alike.
    `dropout` is the share of its inputs that the classifier loses in training.
    """

    def __init__(
        self,
        blocks: Blocks,
        *,
        inputs: int,
        classes: int,
        seed: int,
        head: float = 1.0,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        _, _, copies, width, _ = blocks.weights.shape
        self.blocks = blocks
        self.stem = nn.Parameter(_alike(copies, width, inputs, seed, "stem"))
        self.bias = nn.Parameter(torch.zeros(copies, width, 1))
        self.gain = nn.Parameter(torch.ones(copies, width, 1), blocks.form.final)
        self.head = nn.Parameter(head * _alike(copies, classes, width, seed, "head"))
        self.shift = nn.Parameter(torch.zeros(copies, classes, 1))
        self.norm = Normalise(copies * width, blocks.ghost) if blocks.form.final else nn.Identity()
        self.dropout = Dropout(dropout, seed) if dropout else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Logits."""
        return self.head @ self.dropout(self.features(x)) + self.shift

    def features(self, x: Tensor) -> Tensor:
        """What the classifier sees."""
        return (self.norm(self.blocks(self.stem @ x.T)) * self.gain + self.bias).relu()


def _alike(copies: int, outputs: int, inputs: int, seed: int, purpose: str) -> Tensor:
    drawn = torch.randn(outputs, inputs, generator=generator(seed, purpose)) / inputs**0.5
    return drawn.expand(copies, -1, -1).clone()
