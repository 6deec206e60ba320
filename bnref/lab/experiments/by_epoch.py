"""Train a network on some of the images; losses and errors on those and on the test images by epoch."""

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.altered import network
from bnref.lab.data import Split, load
from bnref.lab.experiments.classify import recipe
from bnref.lab.randomness import generator
from bnref.lab.training import reestimate, train


def run(cell: Cell) -> Measured:
    """Series epoch, train_loss, train_error, test_loss and test_error, one number for each epoch.

    In evaluation mode with the population statistics of algorithm 2; the network trains on with the
    statistics that it had. `test_error` is the last of them; `batch_error` that of the same network
    in training mode, which normalises the test images by batches of their own.

    Arm: data, pool, the net's (`bnref.lab.altered`), train_images (the first so many are all there
    is), images (the budget), what `classify` reads of training. A diverged run has no metrics.
    """
    arm = cell.arm
    data = load(str(arm["data"]), cell.device, int(arm["pool"]))  # type: ignore[arg-type]
    kept = int(arm["train_images"])  # type: ignore[arg-type]
    few = Split(data.train.images[:kept], data.train.labels[:kept])
    net, how = network(cell, data), recipe(cell)
    epoch = len(few.labels) // how["batch_size"]
    series: dict[str, list[float]] = {"epoch": []}

    def look(step: int) -> None:
        series["epoch"].append(step / epoch)
        for name, value in looked(net, few, data.test, how["batch_size"]).items():
            series.setdefault(name, []).append(value)

    def probe(step: int, images: Tensor, labels: Tensor) -> None:
        if step and step % epoch == 0:
            look(step)

    result = train(net, few, probe=probe, **how)
    if result.diverged:
        return Measured(metrics={}, diverged=True, data=data.sha256)
    look(len(result.losses))
    shuffled = torch.randperm(len(data.test.labels), generator=generator(cell.seed, "test"))
    metrics = {
        "train_accuracy": result.last(result.accuracies),
        "test_error": series["test_error"][-1],
        "batch_error": scores(net.train(), data.test, how["batch_size"], shuffled)[1],
    }
    return Measured(metrics=metrics, series=series, data=data.sha256)


def looked(net: nn.Module, few: Split, test: Split, batch_size: int) -> dict[str, float]:
    """Losses and errors with statistics of the training images. The net is left as it was."""
    kept = [buffer.clone() for buffer in net.buffers()]
    reestimate(net, few.images, batch_size)
    net.eval()
    found = {
        f"{name}_{what}": value
        for name, split in (("train", few), ("test", test))
        for what, value in zip(("loss", "error"), scores(net, split, 500), strict=True)
    }
    net.train()
    for buffer, value in zip(net.buffers(), kept, strict=True):
        buffer.copy_(value)
    return found


@torch.no_grad()
def scores(
    net: nn.Module, split: Split, batch_size: int, order: Tensor | None = None
) -> tuple[float, float]:
    """Mean cross-entropy and share of errors in the mode the net is in, batch after batch of `order`.

    In training mode a last odd batch is left out.
    """
    index = torch.arange(len(split.labels)) if order is None else order
    seen, wrong, loss = 0, 0, 0.0
    for chosen in index.split(batch_size):
        if net.training and len(chosen) < batch_size:
            continue
        here = chosen.to(split.labels.device)
        logits, labels = net(split.images[here]), split.labels[here]
        loss += float(cross_entropy(logits, labels, reduction="sum"))
        wrong += int((logits.argmax(1) != labels).sum())
        seen += len(chosen)
    return loss / seen, wrong / seen
