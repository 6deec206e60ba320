"""How the values that leave the last convolution spread while a network trains.

Wu & He 2018, figure 6: percentiles of what conv5_3 of VGG-16 gives, before normaliser and ReLU.
"""

import torch
from torch import Tensor, nn

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.data import load
from bnref.lab.experiments.classify import network, recipe
from bnref.lab.training import errors, train

PERCENTILES = (1, 20, 80, 99)
MOST = 1_000_000
"""Values of a layer that percentiles are taken of: those at equal distances where it has more."""


def run(cell: Cell) -> Measured:
    """Series: the percentiles p1, p20, p80 and p99 of all values of training batches, by `step`.

    `growth` is the largest p99 - p1 over that of the first step. `train_accuracy` over the last tenth
    of the steps; `test_errors` of `test_images`, and `test_error`.

    Arm: as for `classify`, and look_every (steps from one look at a training batch to the next).

    A diverged run has no growth, and counts as wrong on all but one in `classes` images: chance.
    """
    arm = cell.arm
    data = load(str(arm["data"]), cell.device, int(arm["pool"]))  # type: ignore[arg-type]
    net = network(cell, data)
    every = int(arm["look_every"])  # type: ignore[arg-type]
    steps: list[int] = []
    seen: list[Tensor] = []
    looking = False

    def choose(step: int, *_: Tensor) -> None:
        nonlocal looking
        looking = step % every == 0
        if looking:
            steps.append(step)

    def look(layer: nn.Module, given: object, values: Tensor) -> None:
        if looking:
            seen.append(percentiles(values.detach()))

    last = [module for module in net.modules() if isinstance(module, nn.Conv2d)][-1]
    hook = last.register_forward_hook(look)
    result = train(net, data.train, probe=choose, **recipe(cell))
    hook.remove()
    images, chance = len(data.test.labels), 1 - 1 / data.classes
    metrics = {"test_images": float(images), "test_errors": float(round(images * chance))}
    if not result.diverged:
        metrics["test_errors"] = float(errors(net, data.test))
        metrics["train_accuracy"] = result.last(result.accuracies)
        spread = torch.stack(seen)[:, -1] - torch.stack(seen)[:, 0]
        metrics["growth"] = float(spread.max() / spread[0])
    metrics["test_error"] = metrics["test_errors"] / images
    series = {"step": [float(step) for step in steps]}
    for name, values in zip(PERCENTILES, torch.stack(seen).T.tolist(), strict=True):
        series[f"p{name}"] = values
    return Measured(
        metrics=metrics,
        series={} if result.diverged else series,
        diverged=result.diverged,
        data=data.sha256,
    )


def percentiles(values: Tensor) -> Tensor:
    """The four percentiles of all values together."""
    flat = values.flatten()
    flat = flat[:: -(-len(flat) // MOST)]
    shares = torch.tensor(PERCENTILES, dtype=flat.dtype, device=flat.device) / 100
    return flat.quantile(shares)
