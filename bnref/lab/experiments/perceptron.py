"""Train a perceptron on some of the images, and count errors on those and on the test images."""

import math

import torch
from torch import Tensor, nn

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.data import Split, load
from bnref.lab.perceptrons import perceptron
from bnref.lab.randomness import generator
from bnref.lab.training import errors, reestimate, train


def run(cell: Cell) -> Measured:
    """Errors in evaluation mode, with the population statistics of algorithm 2, after the last step.

    Arm: data, pool, the net's (`bnref.lab.perceptrons`), learning_rate, batch_size, train_images (the
    first so many are all there is), images (the budget) and optionally sgd_momentum and mates:
    "kept" where the batches are composed once and only their order is shuffled, so that an image
    always meets the same others.

    `growth` is log10 of the norm of the hidden weights, last over first; a diverged run has none. It
    counts as wrong on all but one in `classes` images: chance.
    """
    arm = cell.arm
    data = load(str(arm["data"]), cell.device, int(arm["pool"]))  # type: ignore[arg-type]
    kept = int(arm["train_images"])  # type: ignore[arg-type]
    few = Split(data.train.images[:kept], data.train.labels[:kept])
    batch_size = int(arm["batch_size"])  # type: ignore[arg-type]
    net = perceptron(cell, data)
    before = _hidden(net)
    always = arm.get("mates") == "kept"
    result = train(
        Batchwise(net) if always else net,
        composed(few, batch_size, cell.seed) if always else few,
        learning_rate=float(arm["learning_rate"]),  # type: ignore[arg-type]
        batch_size=1 if always else batch_size,
        steps=int(arm["images"]) // batch_size,  # type: ignore[arg-type]
        seed=cell.seed,
        sgd_momentum=float(arm.get("sgd_momentum") or 0),
    )
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
    metrics["train_error"] = errors(net, few) / kept
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


def composed(split: Split, batch_size: int, seed: int) -> Split:
    """The split as batches (B, N, ...) that the seed composed; images left over are left out."""
    count = len(split.labels) // batch_size
    chosen = torch.randperm(len(split.labels), generator=generator(seed, "composition"))
    index = chosen[: count * batch_size].view(count, batch_size).to(split.labels.device)
    return Split(split.images[index], split.labels[index])


@torch.no_grad()
def _hidden(net: nn.Sequential) -> float:
    """The norm of all weights but the classifier's."""
    *hidden, _ = (layer.weight for layer in net if isinstance(layer, nn.Linear))
    return math.sqrt(sum(float(weight.square().sum()) for weight in hidden))
