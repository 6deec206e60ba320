"""How much the outputs for one image vary with the other images of its batch."""

from copy import deepcopy

import torch
from torch import Tensor, nn

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.altered import network
from bnref.lab.data import load
from bnref.lab.experiments.classify import recipe
from bnref.lab.randomness import generator
from bnref.lab.training import train

IMAGES = 20
"""Images whose outputs are watched."""


def run(cell: Cell) -> Measured:
    """`slope` of log variance on log batch size, and the variances (series), after training.

    v(m) is the variance of an image's logits over random batches of m, itself among m - 1 training
    images that are drawn anew, in the mode that trains; the mean over logits and images.

    Arm: data, pool, the net's (`bnref.lab.altered`), images (the budget), what `classify` reads of
    training, mates (batch sizes, "4,8,16"), repeats (batches an image meets at each size).
    """
    arm = cell.arm
    data = load(str(arm["data"]), cell.device, int(arm["pool"]))  # type: ignore[arg-type]
    net = network(cell, data)
    result = train(net, data.train, **recipe(cell))
    if result.diverged:
        return Measured(metrics={}, diverged=True, data=data.sha256)
    sizes = [int(size) for size in str(arm["mates"]).split(",")]
    repeats = int(arm["repeats"])  # type: ignore[arg-type]
    draw = generator(cell.seed, "mates")
    some = data.validation.images[:IMAGES]
    watched = some[torch.arange(len(some))]  # of pictures on disk a slice is on disk, too
    variances = [noise(net, watched, data.train.images, size, repeats, draw) for size in sizes]
    x = torch.tensor(sizes).double().log()
    y = torch.tensor(variances).double().clamp_min(1e-30).log()
    return Measured(
        metrics={
            "slope": float(((x - x.mean()) * (y - y.mean())).sum() / (x - x.mean()).square().sum()),
            "train_accuracy": result.last(result.accuracies),
        },
        series={"batch_size": [float(size) for size in sizes], "variance": variances},
        data=data.sha256,
    )


@torch.no_grad()
def noise(
    net: nn.Module, watched: Tensor, mates: Tensor, size: int, repeats: int, draw: torch.Generator
) -> float:
    """The variance of logits over `repeats` batches of `size`, each with one watched image in front."""
    copy = deepcopy(net).train()
    variances = []
    for image in watched:
        chosen = torch.randint(len(mates), (repeats, size - 1), generator=draw).to(mates.device)
        logits = [copy(torch.cat([image[None], mates[index]]))[0] for index in chosen]
        variances.append(torch.stack(logits).var(0, correction=1).mean())
    return float(torch.stack(variances).mean())
