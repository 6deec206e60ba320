"""Train on few images for many epochs, and count errors on those images and on the test images."""

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.data import Split, load
from bnref.lab.experiments.classify import network, recipe, stretches
from bnref.lab.training import errors, train


def run(cell: Cell) -> Measured:
    """Errors on the training and on the test images, both in evaluation mode, after the last step.

    Arm: as for `classify`, and train_images (the first so many of the training images are all there
    is). Both errors are of the same function; what training itself logs, the series `training_error` (%)
    by `step`, is of another, which normalises by batches.

    A diverged run counts as wrong on all but one in `classes` images: chance.
    """
    arm = cell.arm
    data = load(str(arm["data"]), cell.device, int(arm["pool"]))  # type: ignore[arg-type]
    kept = int(arm["train_images"])  # type: ignore[arg-type]
    few = Split(data.train.images[:kept], data.train.labels[:kept])
    net = network(cell, data)
    result = train(net, few, **recipe(cell))
    chance = 1 - 1 / data.classes
    train_error, test_error = (
        chance if result.diverged else errors(net, split) / len(split.labels)
        for split in (few, data.test)
    )
    series = {}
    if not result.diverged:
        series["step"], series["training_error"] = stretches(100 * (1 - result.accuracies))
    return Measured(
        metrics={"train_error": train_error, "test_error": test_error},
        series=series,
        diverged=result.diverged,
        data=data.sha256,
    )
