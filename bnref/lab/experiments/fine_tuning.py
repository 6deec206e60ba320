"""Train a network on half of the classes, then tune it on the other half, perhaps in small batches.

As Wu & He 2018 (section 4.2) tune networks of ImageNet on two images per GPU: batch norm brings
statistics along, and either keeps them (frozen) or takes those of its small batches (live).
"""

import msgspec
import torch
from torch import Tensor, nn

from bnref.evidence.cell import Cell, Value
from bnref.evidence.record import Measured
from bnref.lab.data import Data, Split, load
from bnref.lab.experiments.classify import network, recipe
from bnref.lab.nets import each_norm
from bnref.lab.pictures import Pictures
from bnref.lab.randomness import generator
from bnref.lab.training import errors, reestimate, train


class Frozen(nn.Module):
    """A normaliser that stays in evaluation mode, whatever mode the network is put into."""

    def __init__(self, norm: nn.Module) -> None:
        super().__init__()
        self.norm = norm.eval()

    def train(self, mode: bool = True) -> "Frozen":
        """Change nothing: `training` is what the network asked for, the normaliser's stays False."""
        self.training = mode
        return self

    def forward(self, x: Tensor) -> Tensor:
        """By running statistics that do not move; weight and bias are trained."""
        y: Tensor = self.norm(x)
        return y


def run(cell: Cell) -> Measured:
    """Errors on test images: `source_error` of the first half of the classes before the tuning,
    `test_errors` of `test_images` (`test_error`) and `validation_error` of the second half after it.

    With live statistics also `test_error_reestimated`, with averages over the training images.

    Arm: as for `classify`, for the tuning (which has no weight decay), statistics ("live" or "frozen"),
    and source_images, source_batch_size and source_rate for the training before it. The classifier is a
    new one for the second half.

    A run that diverged in either part counts as wrong on all but one in so many images as classes.
    """
    arm = cell.arm
    if arm["statistics"] not in ("live", "frozen"):
        raise ValueError(f"statistics is {arm['statistics']!r}, expected 'live' or 'frozen'")
    data = load(str(arm["data"]), cell.device, int(arm["pool"]))  # type: ignore[arg-type]
    source = of_classes(data, 0, data.classes // 2)
    target = of_classes(data, data.classes // 2, data.classes)
    net = network(cell, source)
    first = {"images": "source_images", "batch_size": "source_batch_size"}
    first["learning_rate"] = "source_rate"
    ran = train(net, source.train, **recipe(_with(cell, {k: arm[v] for k, v in first.items()})))
    images, chance = len(target.test.labels), 1 - 1 / target.classes
    metrics = {"test_images": float(images), "test_errors": float(round(images * chance))}
    metrics |= {"source_error": chance, "validation_error": chance}
    if not ran.diverged:
        metrics["source_error"] = errors(net, source.test) / len(source.test.labels)
        net[-1] = classifier(net[-1], target.classes, cell)
        if arm["statistics"] == "frozen":
            freeze(net)
        ran = train(
            net, target.train, **recipe(_with(cell, {"weight_decay": None, "order": "tuning"}))
        )
    if not ran.diverged:
        metrics["test_errors"] = float(errors(net, target.test))
        held_out = len(target.validation.labels)
        metrics["validation_error"] = errors(net, target.validation) / held_out
    metrics["test_error"] = metrics["test_errors"] / images
    live = not ran.diverged and arm["statistics"] == "live"
    if live and reestimate(net, target.train.images, batch_size=100):
        metrics["test_error_reestimated"] = errors(net, target.test) / images
    return Measured(metrics=metrics, diverged=ran.diverged, data=data.sha256)


def _with(cell: Cell, changed: dict[str, Value]) -> Cell:
    return msgspec.structs.replace(cell, arm={**cell.arm, **changed})


def of_classes(data: Data, low: int, high: int) -> Data:
    """The data of the classes from `low` to `high` - 1, whose labels start at 0."""
    return Data(
        train=_between(data.train, low, high),
        validation=_between(data.validation, low, high),
        test=_between(data.test, low, high),
        classes=high - low,
        sha256=data.sha256,
    )


def _between(split: Split, low: int, high: int) -> Split:
    kept = ((split.labels >= low) & (split.labels < high)).nonzero().flatten()
    labels = split.labels[kept] - low
    images = split.images
    if isinstance(images, Pictures):
        files = tuple(images.files[number] for number in kept.tolist())
        return Split(Pictures(files, images.device), labels)
    return Split(images[kept], labels)


def classifier(old: nn.Module, classes: int, cell: Cell) -> nn.Linear:
    """A linear layer in the place of the old one: weights N(0, 1/fan_in) by the seed, biases 0."""
    assert isinstance(old, nn.Linear), "a network ends with its classifier"
    new = nn.Linear(old.in_features, classes)
    drawn = torch.randn(new.weight.shape, generator=generator(cell.seed, "second classifier"))
    with torch.no_grad():
        new.weight.copy_(drawn / old.in_features**0.5)
        nn.init.zeros_(new.bias)
    return new.to(cell.device)


def freeze(net: nn.Module) -> None:
    """Wrap every normaliser with running statistics, so that no mode thaws it."""
    normalisers = {id(norm) for norm in each_norm(net, "running_mean")}
    for parent in list(net.modules()):
        for name, child in list(parent.named_children()):
            if id(child) in normalisers:
                setattr(parent, name, Frozen(child))
