"""Train a network on some of the images, and count errors on those and on the test images."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.altered import network
from bnref.lab.data import Split, load
from bnref.lab.experiments.classify import recipe
from bnref.lab.randomness import generator
from bnref.lab.training import errors, reestimate, train


def run(cell: Cell) -> Measured:
    """Errors in evaluation mode, with the population statistics of algorithm 2, after the last step.

    Arm: data, pool, the net's (`bnref.lab.altered`), train_images (the first so many are all there
    is), images (the budget), what `classify` reads of training, and optionally mates: "kept" where
    the batches are composed once and only their order is shuffled, so that an image always meets the
    same others. Such batches are not augmented.

    `growth` is log10 of the norm of all weights but the classifier's, last over first; a diverged run
    has none. It counts as wrong on all but one in `classes` images: chance.
    """
    arm = cell.arm
    data = load(str(arm["data"]), cell.device, int(arm["pool"]))  # type: ignore[arg-type]
    kept = int(arm["train_images"])  # type: ignore[arg-type]
    few = Split(data.train.images[:kept], data.train.labels[:kept])
    batch_size = int(arm["batch_size"])  # type: ignore[arg-type]
    net = network(cell, data)
    before = _hidden(net)
    if arm.get("mates") == "kept":
        given = composed(few, batch_size, cell.seed)
        result = train(Batchwise(net), given, **recipe(cell) | {"batch_size": 1})
    else:
        result = train(net, few, **recipe(cell))
    metrics = {"steps": float(len(result.losses)), "test_images": float(len(data.test.labels))}
    if len(result.losses):
        metrics["first_loss"] = float(result.losses[0])
        metrics["train_loss"] = result.last(result.losses)
        metrics["train_accuracy"] = result.last(result.accuracies)
    if result.diverged:
        chance = 1 - 1 / data.classes
        metrics |= {"train_error": chance, "test_error": chance}
        return Measured(metrics=metrics, diverged=True, data=data.sha256)
    metrics["growth"] = math.log10(_hidden(net) / before)
    reestimate(net, few.images, batch_size)
    metrics["train_error"] = errors(net, few) / len(few.labels)
    metrics["test_error"] = errors(net, data.test) / len(data.test.labels)
    return Measured(metrics=metrics, data=data.sha256)


class Batchwise(nn.Module):
    """A net for images (1, N, ...) that are one batch: logits (1, classes, N)."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        """The net's logits of x[0], as cross_entropy takes them for labels (1, N)."""
        return self.net(x[0]).T[None]


@dataclass(frozen=True)
class Composed:
    """Batches of images in the place of images: `self[b]` is (1, N, ...) of the batch b, (1,)."""

    images: Tensor
    index: Tensor

    def __getitem__(self, batch: Tensor) -> Tensor:
        return self.images[self.index[batch[0]]][None]


def composed(split: Split, batch_size: int, seed: int) -> Split:
    """The split as batches that the seed composed; images left over are left out."""
    count = len(split.labels) // batch_size
    chosen = torch.randperm(len(split.labels), generator=generator(seed, "composition"))
    index = chosen[: count * batch_size].view(count, batch_size).to(split.labels.device)
    return Split(Composed(split.images, index), split.labels[index])  # type: ignore[arg-type]


@torch.no_grad()
def _hidden(net: nn.Sequential) -> float:
    """The norm of all weights but the classifier's."""
    *hidden, _ = (m.weight for m in net.modules() if isinstance(m, nn.Conv2d | nn.Linear))
    return math.sqrt(sum(float(weight.square().sum()) for weight in hidden))
