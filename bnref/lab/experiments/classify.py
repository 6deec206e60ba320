"""Train a network on images and count its errors, once, after the last step."""

from typing import Any

import torch

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.data import Data, Split, load
from bnref.lab.nets import CONVOLUTIONS, convnet, each_norm, initialise, mlp
from bnref.lab.papers.catalogue import paper_net
from bnref.lab.papers.resnet import start_branches
from bnref.lab.randomness import generator
from bnref.lab.training import Run, errors, reestimate, train

CURVE_POINTS = 50


def run(cell: Cell) -> Measured:
    """Errors on test and validation images, and how training went.

    Arm: data, pool, net ("convnet7", "convnet3", "mlp" with depth and width, or one of
    `bnref.lab.papers.catalogue`), norm, learning_rate, batch_size, images (the budget;
    steps = images / batch_size) and optionally sgd_momentum, weight_decay, drops (shares of the steps,
    as "0.5,0.75", after which the rate is divided by fall, or 10), augment (as in `bnref.lab.augmentation`),
    momentum (running statistics: the weight of the new batch, None for the cumulative average),
    order (another shuffle) and corrupted (share of the test labels replaced by a wrong class). A ResNet
    may have last_gamma, the weight at which the last normaliser of every branch starts.

    A diverged run counts as wrong on all but one in `classes` images: chance.
    """
    arm = cell.arm
    data = load(str(arm["data"]), cell.device, int(arm["pool"]))  # type: ignore[arg-type]
    net = network(cell, data)
    result = train(net, data.train, **recipe(cell))
    test = _corrupted(data.test, data.classes, float(arm.get("corrupted") or 0), cell.seed)
    metrics = {
        "test_images": len(test.labels),
        "validation_images": len(data.validation.labels),
        "steps": len(result.losses),
        **_training_metrics(result),
    }
    if result.diverged:
        metrics["test_errors"] = _chance(len(test.labels), data.classes)
        metrics["validation_errors"] = _chance(len(data.validation.labels), data.classes)
        metrics["test_error"] = metrics["test_errors"] / len(test.labels)
        return Measured(metrics=metrics, diverged=True, data=data.sha256)
    metrics["validation_errors"] = errors(net, data.validation)
    metrics["test_errors"] = errors(net, test)
    metrics["test_error"] = metrics["test_errors"] / len(test.labels)
    if arm.get("reestimate") and reestimate(net, data.train.images, batch_size=200):
        metrics["test_errors_reestimated"] = errors(net, test)
        metrics["test_error_reestimated"] = metrics["test_errors_reestimated"] / len(test.labels)
    step, loss = stretches(result.losses)
    return Measured(metrics=metrics, series={"step": step, "loss": loss}, data=data.sha256)


def network(cell: Cell, data: Data) -> torch.nn.Sequential:
    """The net of the cell's arm, initialised by its seed, on its device."""
    arm = cell.arm
    channels, *size = data.train.images.shape[1:]
    if arm["net"] in CONVOLUTIONS:
        net = convnet(str(arm["net"]), str(arm["norm"]), channels, data.classes)
    elif arm["net"] == "mlp":
        inputs = channels * size[0] * size[1]
        depth, width = int(arm["depth"]), int(arm["width"])  # type: ignore[arg-type]
        net = mlp(str(arm["norm"]), inputs, data.classes, depth, width)
    else:
        net = paper_net(str(arm["net"]), str(arm["norm"]), data.classes, channels)
    initialise(net, cell.seed)
    if "last_gamma" in arm:
        start_branches(net, float(arm["last_gamma"]))  # type: ignore[arg-type]
    if "momentum" in arm:
        for layer in each_norm(net, "running_mean"):
            layer.momentum = arm["momentum"]  # type: ignore[assignment]
    return net.to(cell.device, memory_format=torch.channels_last)  # type: ignore[call-overload]


def recipe(cell: Cell) -> dict[str, Any]:
    """How `train` trains the cell's network: what its arm says, else plain SGD at a constant rate."""
    arm = cell.arm
    batch_size = int(arm["batch_size"])  # type: ignore[arg-type]
    return {
        "learning_rate": float(arm["learning_rate"]),  # type: ignore[arg-type]
        "batch_size": batch_size,
        "steps": int(arm["images"]) // batch_size,  # type: ignore[arg-type]
        "seed": cell.seed,
        "sgd_momentum": float(arm.get("sgd_momentum") or 0),
        "weight_decay": float(arm.get("weight_decay") or 0),
        "drops": tuple(float(share) for share in str(arm.get("drops") or "").split(",") if share),
        "fall": float(arm.get("fall") or 10),
        "order": str(arm.get("order", "order")),
        "augment": arm.get("augment"),
    }


def _training_metrics(result: Run) -> dict[str, float]:
    if not len(result.losses):
        return {}
    return {
        "first_loss": float(result.losses[0]),
        "train_loss": result.last(result.losses),
        "train_accuracy": result.last(result.accuracies),
    }


def stretches(values: torch.Tensor) -> tuple[list[float], list[float]]:
    """Where at most CURVE_POINTS equal stretches of steps end, and the means of the values over them."""
    parts = torch.tensor_split(values, min(CURVE_POINTS, len(values)))
    ends = torch.tensor([len(part) for part in parts]).cumsum(0)
    return [float(end) for end in ends], [float(part.mean()) for part in parts]


def _chance(images: int, classes: int) -> float:
    return round(images * (1 - 1 / classes))


def _corrupted(split: Split, classes: int, share: float, seed: int) -> Split:
    """The split with a share of its labels replaced by another class, drawn by the seed."""
    if share == 0:
        return split
    draw = generator(seed, "corruption")
    count = round(share * len(split.labels))
    chosen = torch.randperm(len(split.labels), generator=draw)[:count].to(split.labels.device)
    shift = torch.randint(1, classes, (count,), generator=draw).to(split.labels.device)
    labels = split.labels.clone()
    labels[chosen] = (labels[chosen] + shift) % classes
    return Split(split.images, labels)
