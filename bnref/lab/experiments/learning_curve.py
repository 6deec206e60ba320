"""Train a perceptron on images and count its errors on test images along the way.

The runs of a pack differ in the seed alone and are trained as one; they are looked at, and errors
counted, in evaluation mode with their running statistics, every `look_every` steps.
"""

from statistics import mean

from torch import nn

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.data import Data, load
from bnref.lab.nets import initialise, mlp
from bnref.lab.together import train_together
from bnref.lab.training import Run, errors

LAST_LOOKS = 5
"""The final accuracy is a mean over so many looks (card IS15-10)."""


def run_pack(cells: tuple[Cell, ...]) -> list[Measured]:
    """Test accuracy over training, its mean and its end, and the validation errors of the last step.

    Arm: data, pool, depth, width, activation, norm, std (of all weights; None for 1/sqrt(fan_in)),
    learning_rate, batch_size, images (the budget; steps = images / batch_size), look_every, pack.

    From the step at which a run diverged on its accuracy is that of chance, 1 / classes.
    """
    arm = cells[0].arm
    found = load(str(arm["data"]), cells[0].device, int(arm["pool"]))  # type: ignore[arg-type]
    nets = [network(cell, found) for cell in cells]
    batch_size, every = int(arm["batch_size"]), int(arm["look_every"])  # type: ignore[arg-type]
    steps = int(arm["images"]) // batch_size  # type: ignore[arg-type]
    looks: list[list[int]] = [[] for _ in cells]
    runs = train_together(
        nets,
        found.train,
        learning_rate=float(arm["learning_rate"]),  # type: ignore[arg-type]
        batch_size=batch_size,
        steps=steps,
        seeds=[cell.seed for cell in cells],
        look_every=every,
        look=lambda number: looks[number].append(errors(nets[number], found.test)),
    )
    return [
        _measured(net, run, seen, found, range(every, steps + 1, every))
        for net, run, seen in zip(nets, runs, looks, strict=True)
    ]


def network(cell: Cell, data: Data) -> nn.Sequential:
    """The net of the cell's arm, initialised by its seed, on its device."""
    arm = cell.arm
    net = mlp(
        str(arm["norm"]),
        data.train.images[0].numel(),
        data.classes,
        int(arm["depth"]),  # type: ignore[arg-type]
        int(arm["width"]),  # type: ignore[arg-type]
        str(arm["activation"]),
    )
    std = arm["std"]
    initialise(net, cell.seed, gain=1.0, std=None if std is None else float(std))
    return net.to(cell.device)


def _measured(
    net: nn.Sequential, run: Run, wrong: list[int], data: Data, looked: range
) -> Measured:
    images, chance = len(data.test.labels), 1 / data.classes
    accuracies = [1 - count / images for count in wrong]
    sound = len(looked) if not run.diverged else len([s for s in looked if s <= len(run.losses)])
    accuracies = accuracies[:sound] + [chance] * (len(looked) - sound)
    held_out = len(data.validation.labels)
    metrics = {
        "steps": len(run.losses),
        "mean_accuracy": mean(accuracies),
        "final_accuracy": mean(accuracies[-LAST_LOOKS:]),
        "last_accuracy": accuracies[-1],
        "validation_images": held_out,
        "validation_errors": round(held_out * (1 - chance))
        if run.diverged
        else errors(net, data.validation),
    }
    if len(run.losses):
        metrics["train_loss"] = run.last(run.losses)
    series = {"step": [float(step) for step in looked], "accuracy": accuracies}
    return Measured(metrics=metrics, series=series, diverged=run.diverged, data=data.sha256)
