"""Where a deep network's activations explode while one update is made (Bjorck et al. 2018, figure 4)."""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.data import load
from bnref.lab.deep_residual import Residual, network, recipe
from bnref.lab.experiments.deep_start import slope
from bnref.lab.randomness import generator
from bnref.lab.training import batches

LAST_UPDATE = 10
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
LARGEST = 1e30
"""What a variance counts as where float32 overflows."""


def run(cell: Cell) -> Measured:
    """log10 of the mean over channels of the variance of each block's output, along one update.

    The update is the first of plain SGD behind which the loss of its own batch exceeds 1e3, or the
    tenth: `update` is its number, 11 where none of ten diverges. `explosion` is the slope per block of
    the change of the logarithm over the whole update, and `first_block`, `last_block` the change there.
    Series `share_*`: the logarithms along the update, of each `block`.

    Arm: that of `deep_residual.network`, and data, pool, batch_size, learning_rate and optionally
    worst_loss in the place of 1e3.
    """
    arm = cell.arm
    data = load(str(arm["data"]), cell.device, int(arm["pool"]))  # type: ignore[arg-type]
    net = network(cell, data).train()
    how, rate = recipe(cell), float(arm["learning_rate"])  # type: ignore[arg-type]
    batch_size, worst_loss = how["batch_size"], how["worst_loss"]
    parameters = list(net.parameters())
    update = LAST_UPDATE + 1
    stream = batches(data.train, batch_size, LAST_UPDATE, generator(cell.seed, "order"))
    for number, index in enumerate(stream, 1):
        images, labels = data.train.images[index], data.train.labels[index]
        before = [p.detach().clone() for p in parameters]
        gradient = torch.autograd.grad(cross_entropy(net(images), labels), parameters)
        with torch.no_grad():
            for parameter, part in zip(parameters, gradient, strict=True):
                parameter.sub_(rate * part)
            if not cross_entropy(net(images), labels) <= worst_loss:
                update = number
                break
    series = {"block": [float(i) for i in range(1, len(net.blocks) + 1)]}
    with torch.no_grad():
        for share in SHARES:
            for parameter, start, part in zip(parameters, before, gradient, strict=True):
                parameter.copy_(start - share * rate * part)
            series[f"share_{round(100 * share)}"] = variances(net, images)
    change = torch.tensor(series["share_100"]) - torch.tensor(series["share_0"])
    metrics = {
        "update": float(update),
        "explosion": slope(change.double()),
        "first_block": float(change[0]),
        "last_block": float(change[-1]),
    }
    return Measured(metrics=metrics, series=series, data=data.sha256)


def variances(net: Residual, images: Tensor) -> list[float]:
    """log10 of the mean over channels of the variance over images and positions, of each block."""
    means = [x.double().var((0, 2, 3), correction=0).mean() for x in net.streams(images)]
    found = torch.stack(means).nan_to_num(LARGEST, LARGEST).clamp(1 / LARGEST, LARGEST)
    return [float(v) for v in found.log10()]
