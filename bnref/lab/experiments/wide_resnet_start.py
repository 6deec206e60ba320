"""How variance and gradients grow along a Wide-ResNet at its start, on images, in float64.

De & Smith 2020, section 2. Its series are those of `residual_variance`.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.data import load
from bnref.lab.experiments.residual_variance import batch_variance, cosine, moment
from bnref.lab.experiments.wide_resnet_rates import network
from bnref.lab.papers.wide_resnet import Block
from bnref.lab.randomness import generator


def run(cell: Cell) -> Measured:
    """The series and metrics of `residual_variance`, with x_0 the output of the first convolution.

    A channel is a unit, and positions count as inputs but for the cosine, which is that of whole
    feature maps. The gradient is that of the whole stream: the sum of squares for each number of the
    last. Metric first_stage: how many blocks the first stage has; the first of each stage brings
    x_l to other channels by a convolution behind its ReLU, and so has no identity.

    Arm: data, pool, form, depth (blocks), width, batch_size, networks (how many are averaged).
    """
    arm = cell.arm
    data = load(str(arm["data"]), cell.device, int(arm["pool"]))  # type: ignore[arg-type]
    batch_size, networks = int(arm["batch_size"]), int(arm["networks"])  # type: ignore[arg-type]
    draw = generator(cell.seed, "inputs")
    chosen = torch.randperm(len(data.train.labels), generator=draw)[:batch_size]
    images = data.train.images[chosen.to(data.train.labels.device)].double()
    found = []
    for number in range(networks):
        net = network(cell, data.classes, cell.seed * networks + number).double().train()
        found.append(_along(net, images, draw))
    series = {name: _mean([one[name] for one in found]) for name in found[0]}
    pairs = zip(series["branch"], series["second_moment"][1:], strict=True)
    metrics = {
        "final_cosine": series["cosine"][-1],
        "effective_depth": sum(branch / after for branch, after in pairs),
        "first_stage": len(series["branch"]) / 3,
    }
    return Measured(metrics=metrics, series=series, data=data.sha256)


def _along(net: nn.Sequential, images: Tensor, draw: torch.Generator) -> dict[str, list[float]]:
    """One network's series."""
    x = net[0](images)
    streams, branches = [x], []
    for layer in net[1:]:
        if isinstance(layer, Block):
            kept, added = layer.paths(x)
            x = kept + added
            streams.append(x)
            branches.append(moment(added))
        else:
            x = layer(x)
    last = streams[-1]
    functional = torch.randn(last.shape, generator=draw, dtype=last.dtype).to(last.device)
    gradients = torch.autograd.grad((last * functional).sum(), streams)
    return {
        "block": [float(block) for block in range(len(streams))],
        "second_moment": [moment(stream) for stream in streams],
        "batch_variance": [
            batch_variance(stream.detach().transpose(0, 1).flatten(1)[None]) for stream in streams
        ],
        "gradient": [moment(g) * g.numel() / last.numel() for g in gradients],
        "branch": branches,
        "cosine": [_cosine(stream.detach().flatten(1).T) for stream in streams],
    }


def _cosine(maps: Tensor) -> float:
    """That of any scale: torch takes vectors shorter than 1e-8 for longer ones."""
    return cosine((maps / maps.norm())[None])


def _mean(series: Sequence[Sequence[float]]) -> list[float]:
    return [sum(values) / len(values) for values in zip(*series, strict=True)]
