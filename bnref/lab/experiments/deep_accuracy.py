"""Train a deep residual network at one learning rate to its end, and look at it every epoch or so.

What `accuracy_by_rate` measures for small networks at several rates side by side, for a large one.
"""

from torch import Tensor

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.data import Split, load
from bnref.lab.deep_residual import network, recipe
from bnref.lab.experiments.accuracy_by_rate import DROPS, LOOKS, TARGET, steps_to
from bnref.lab.training import errors, train


def run(cell: Cell) -> Measured:
    """The series of `accuracy_by_rate`, with one rate.

    The training error is that of the images without augmentation, in evaluation mode. A diverged run
    counts as wrong on all but one in `classes` images.

    Arm: those of `deep_residual`'s network and recipe, and data, pool, learning_rate, steps
    and optionally train_images.
    """
    arm = cell.arm
    data = load(str(arm["data"]), cell.device, int(arm["pool"]))  # type: ignore[arg-type]
    kept = int(arm.get("train_images") or len(data.train.labels))
    images = Split(data.train.images[:kept], data.train.labels[:kept])
    net = network(cell, data)
    how = recipe(cell)
    steps = int(arm["steps"])  # type: ignore[arg-type]
    every = max(1, steps // LOOKS)
    epochs: list[float] = []
    validation: list[float] = []

    def look(step: int, _: Tensor, __: Tensor) -> None:
        if step and step % every == 0:
            epochs.append(step * how["batch_size"] / kept)
            validation.append(1 - errors(net, data.validation) / len(data.validation.labels))

    rate = float(arm["learning_rate"])  # type: ignore[arg-type]
    result = train(net, images, learning_rate=rate, steps=steps, drops=DROPS, probe=look, **how)
    chance = 1 - 1 / data.classes
    ends = {
        name: chance if result.diverged else errors(net, split) / len(split.labels)
        for name, split in (("train_error", images), ("test_error", data.test))
    }
    train_accuracy = [
        float(result.accuracies[max(0, end - every) : end].mean())
        for end in range(every, every * len(epochs) + 1, every)
    ]
    needed = steps + 1 if result.diverged else steps_to(TARGET, result.accuracies)
    series = {
        "learning_rate": [rate],
        **{name: [error] for name, error in ends.items()},
        "steps_to_target": [float(needed)],
        "epoch": epochs,
        f"train_accuracy_{rate:g}": train_accuracy,
        f"validation_accuracy_{rate:g}": validation,
    }
    metrics = {"steps": float(steps), "test_images": float(len(data.test.labels))}
    return Measured(metrics=metrics, series=series, diverged=result.diverged, data=data.sha256)
