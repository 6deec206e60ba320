"""How far from Gaussian, and how sparse, the products of any network's layers and their inputs are."""

import torch
from torch import Tensor, nn

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.altered import network
from bnref.lab.data import load
from bnref.lab.experiments.classify import recipe
from bnref.lab.experiments.hidden_layers import shape
from bnref.lab.training import reestimate, train


def run(cell: Cell) -> Measured:
    """skew, kurtosis and sparse of W u (`_products`) and of u (`_inputs`), as `hidden_layers` has them.

    Of every convolution and linear layer but the first and the last, after the last step, in evaluation
    mode with the statistics of the images that are probed: the first that validate. A channel is a
    unit, and the positions of all images its samples; the mean over layers.

    Arm: data, pool, the net's (`bnref.lab.altered`), images (the budget), what `classify` reads of
    training, probe_images.
    """
    arm = cell.arm
    data = load(str(arm["data"]), cell.device, int(arm["pool"]))  # type: ignore[arg-type]
    net = network(cell, data)
    result = train(net, data.train, **recipe(cell))
    if result.diverged:
        return Measured(metrics={}, diverged=True, data=data.sha256)
    some = data.validation.images[: int(arm["probe_images"])]  # type: ignore[arg-type]
    probed = some[torch.arange(len(some))]
    reestimate(net, probed, len(probed))
    metrics = shapes(net.eval(), probed)
    metrics["train_accuracy"] = result.last(result.accuracies)
    return Measured(metrics=metrics, data=data.sha256)


@torch.no_grad()
def shapes(net: nn.Module, images: Tensor) -> dict[str, float]:
    """The metrics, mean over the layers between the first and the last."""
    seen: list[dict[str, float]] = []

    def look(layer: nn.Module, given: tuple[Tensor], product: Tensor) -> None:
        seen.append(shape(units(product), "products") | shape(units(given[0]), "inputs"))

    layers = [m for m in net.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    hooks = [layer.register_forward_hook(look) for layer in layers[1:-1]]
    net(images)
    for hook in hooks:
        hook.remove()
    return {name: sum(one[name] for one in seen) / len(seen) for name in seen[0]}


def units(x: Tensor) -> Tensor:
    """(N, C, ...) -> (samples, C)."""
    return x.transpose(0, 1).flatten(1).T
