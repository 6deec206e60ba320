"""Train one residual network at a whole grid of learning rates at once, by plain SGD.

The copies of a cell start alike, see the same batches and differ in their rate alone.
"""

import math

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.data import Split, load
from bnref.lab.randomness import generator
from bnref.lab.residual import FORMS, Blocks, Network
from bnref.lab.training import batches

WORST_LOSS = 1e6
"""What a loss counts as where it is larger or not finite."""


def run(cell: Cell) -> Measured:
    """Series over the rates 2^lowest, 2^(lowest + 1), .. 2^highest:

    train_loss, train_accuracy    mean over the last tenth of the steps, in the mode that trains
    test_error, validation_error  after the last step, with running statistics

    A rate whose loss was ever not finite counts as wrong on all but one in `classes` images.

    Arm: data, pool, form (see bnref.lab.residual), depth, width, batch_size, images, lowest, highest,
    and optionally layers (of a branch), first, last and head (scales of the initial weights), decay
    (the L2 penalty decay/2 |w|^2 on weights, not on biases, gains or alpha), train_images (how
    many of the training images are used), ghost (how many inputs batch norm takes at a time) and
    dropout (share of its inputs that the classifier loses).
    """
    arm = cell.arm
    data = load(str(arm["data"]), cell.device, int(arm["pool"]))  # type: ignore[arg-type]
    lowest, highest = int(arm["lowest"]), int(arm["highest"])  # type: ignore[arg-type]
    rates = [2.0**power for power in range(lowest, highest + 1)]
    kept = int(arm.get("train_images") or len(data.train.labels))
    train = Split(data.train.images.flatten(1)[:kept], data.train.labels[:kept])
    net = network(cell, train.images.shape[1], data.classes, len(rates))
    losses, accuracies = _train(net, train, torch.tensor(rates, device=cell.device), cell)
    finite = losses.isfinite().all(0)
    chance = 1 / data.classes
    tail = max(1, math.ceil(len(losses) / 10))
    series = {
        "learning_rate": rates,
        "train_loss": _where(finite, losses[-tail:].mean(0).clamp(max=WORST_LOSS), WORST_LOSS),
        "train_accuracy": _where(finite, accuracies[-tail:].mean(0), chance),
        "test_error": _where(finite, errors(net, data.test), 1 - chance),
        "validation_error": _where(finite, errors(net, data.validation), 1 - chance),
    }
    metrics = {"steps": float(len(losses)), "test_images": float(len(data.test.labels))}
    diverged = not bool(finite.any())
    return Measured(metrics=metrics, series=series, diverged=diverged, data=data.sha256)


def network(cell: Cell, inputs: int, classes: int, copies: int) -> Network:
    """So many copies of the net of the cell's arm, on its device."""
    arm = cell.arm
    blocks = Blocks(
        FORMS[str(arm["form"])],
        depth=int(arm["depth"]),  # type: ignore[arg-type]
        width=int(arm["width"]),  # type: ignore[arg-type]
        copies=copies,
        seed=cell.seed,
        layers=int(arm.get("layers") or 1),
        first=float(arm.get("first", 1.0)),  # type: ignore[arg-type]
        last=float(arm.get("last", 1.0)),  # type: ignore[arg-type]
        ghost=int(arm.get("ghost") or 0),
    )
    net = Network(
        blocks,
        inputs=inputs,
        classes=classes,
        seed=cell.seed,
        head=float(arm.get("head", 1.0)),  # type: ignore[arg-type]
        dropout=float(arm.get("dropout") or 0),
    )
    return net.to(cell.device)


def _train(net: Network, split: Split, rates: Tensor, cell: Cell) -> tuple[Tensor, Tensor]:
    """Loss and accuracy of every step (rows) at every rate (columns)."""
    batch_size = int(cell.arm["batch_size"])  # type: ignore[arg-type]
    steps = int(cell.arm["images"]) // batch_size  # type: ignore[arg-type]
    decay = float(cell.arm.get("decay") or 0)
    parameters = [p for p in net.parameters() if p.requires_grad]
    weights = {id(p) for p in (net.stem, net.head, net.blocks.weights)}
    losses, accuracies = torch.empty(2, steps, len(rates), device=rates.device)
    net.train()
    order = generator(cell.seed, "order")
    for step, index in enumerate(batches(split, batch_size, steps, order)):
        logits = net(split.images[index])
        labels = split.labels[index].expand(len(rates), -1)
        loss = cross_entropy(logits, labels, reduction="none").mean(1)
        # The rates share no parameter, so the gradient of the sum is that of each.
        gradients = torch.autograd.grad(loss.sum(), parameters)
        with torch.no_grad():
            for p, gradient in zip(parameters, gradients, strict=True):
                whole = gradient.add(p, alpha=decay) if decay and id(p) in weights else gradient
                p.sub_(rates.view(-1, 1, 1) * whole)
        losses[step] = loss.detach()
        accuracies[step] = (logits.detach().max(1).indices == labels).float().mean(1)
    return losses, accuracies


@torch.no_grad()
def errors(net: Network, split: Split) -> Tensor:
    """Share of the images that each copy gets wrong, in evaluation mode."""
    net.eval()
    wrong = [
        net(images.flatten(1)).max(1).indices != labels  # ten times as fast as argmax there
        for images, labels in zip(split.images.split(500), split.labels.split(500), strict=True)
    ]
    return torch.cat(wrong, 1).float().mean(1)


def _where(finite: Tensor, values: Tensor, otherwise: float) -> list[float]:
    return [float(v) if f else otherwise for v, f in zip(values, finite, strict=True)]
