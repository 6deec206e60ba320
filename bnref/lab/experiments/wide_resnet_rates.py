"""Train a wide residual network of De & Smith 2020 at each rate of a grid, one after the other.

Its series are those of `residual_rates`, so that the effects of claims read either.
"""

from collections.abc import Sequence

import msgspec
import torch
from torch import nn

import bnref.norms
from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.data import Data, Split, load
from bnref.lab.dropout import Dropout
from bnref.lab.experiments.classify import recipe
from bnref.lab.experiments.residual_rates import WORST_LOSS
from bnref.lab.nets import initialise
from bnref.lab.papers.wide_resnet import Block, wide_resnet
from bnref.lab.residual import FORMS
from bnref.lab.training import errors, train

SERIES = ("train_loss", "train_accuracy", "test_error", "validation_error")
FINITE = torch.finfo(torch.float32).max


def run_pack(cells: Sequence[Cell]) -> list[Measured]:
    """The series of `residual_rates` for each seed, and which rate the others of its pack prefer.

    rate_of_others    the rate of smallest mean validation error over the *other* seeds of the pack,
                      so that no seed chooses its own; there is none in a pack of one

    Arm: data, form (see `bnref.lab.residual`), depth (blocks), width, lowest, highest (log2 of the
    rates), batch_size, images and, optionally, norm (in the place of batch norm), train_images, first,
    last, head and dropout as in `residual_rates`, and what `classify.recipe` reads. A weight decay
    acts on all parameters.
    """
    found = [_every_rate(cell) for cell in cells]
    if len(found) == 1:
        return found
    return [
        msgspec.structs.replace(
            one, metrics={**one.metrics, "rate_of_others": _best(found[:i] + found[i + 1 :])}
        )
        for i, one in enumerate(found)
    ]


def _best(runs: Sequence[Measured]) -> float:
    """The rate of smallest mean validation error, the smaller rate where two are equal."""
    errors = zip(*(run.series["validation_error"] for run in runs), strict=True)
    sums = [sum(at_rate) for at_rate in errors]
    return runs[0].series["learning_rate"][sums.index(min(sums))]


def _every_rate(cell: Cell) -> Measured:
    arm = cell.arm
    data = load(str(arm["data"]), cell.device, int(arm["pool"]))  # type: ignore[arg-type]
    kept = int(arm.get("train_images") or len(data.train.labels))
    few = Split(data.train.images[:kept], data.train.labels[:kept])
    lowest, highest = int(arm["lowest"]), int(arm["highest"])  # type: ignore[arg-type]
    rates = [2.0**power for power in range(lowest, highest + 1)]
    points = [_one_rate(cell, data, few, rate) for rate in rates]
    series = {name: [point[name] for point in points] for name in SERIES}
    steps = int(arm["images"]) // int(arm["batch_size"])  # type: ignore[arg-type]
    return Measured(
        metrics={"steps": float(steps), "test_images": float(len(data.test.labels))},
        series={"learning_rate": rates, **series},
        diverged=all(point["diverged"] for point in points),
        data=data.sha256,
    )


def _one_rate(cell: Cell, data: Data, split: Split, rate: float) -> dict[str, float]:
    net = network(cell, data.classes, cell.seed)
    at = msgspec.structs.replace(cell, arm={**cell.arm, "learning_rate": rate})
    result = train(net, split, **recipe(at), worst_loss=FINITE)
    if result.diverged:
        chance = 1 / data.classes
        at_chance = (WORST_LOSS, chance, 1 - chance, 1 - chance)
        return {**dict(zip(SERIES, at_chance, strict=True)), "diverged": 1.0}
    test, validation = (
        errors(net, part) / len(part.labels) for part in (data.test, data.validation)
    )
    loss = min(result.last(result.losses), WORST_LOSS)
    ended = (loss, result.last(result.accuracies), test, validation)
    return {**dict(zip(SERIES, ended, strict=True)), "diverged": 0.0}


def network(cell: Cell, classes: int, seed: int) -> nn.Sequential:
    """The wide residual network of the cell's arm with the initial weights of a seed."""
    arm = cell.arm
    norm = bnref.norms.get(str(arm.get("norm") or "batch_norm")).build
    blocks, width = int(arm["depth"]), int(arm["width"])  # type: ignore[arg-type]
    net = wide_resnet(2 * blocks + 4, width, norm, classes, FORMS[str(arm["form"])])
    initialise(net, seed)
    first, last, head = (
        float(arm.get(name, 1.0))  # type: ignore[arg-type]
        for name in ("first", "last", "head")
    )
    with torch.no_grad():
        for block in (layer for layer in net if isinstance(layer, Block)):
            start, end = (m for m in block.branch.modules() if isinstance(m, nn.Conv2d))
            start.weight.mul_(first)
            end.weight.mul_(last)
        classifier = net[-1]
        assert isinstance(classifier, nn.Linear)
        classifier.weight.mul_(head)
    if arm.get("dropout"):
        net.insert(len(net) - 1, Dropout(float(arm["dropout"]), cell.seed))  # type: ignore[arg-type]
    return net.to(cell.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
