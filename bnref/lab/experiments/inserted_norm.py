"""What a batch norm that changes nothing does to the landscape (Santurkar et al. 2018, observation 4.3).

A network without a normaliser trains. Its twin, made anew at every probe, has the same weights, and behind
each hidden layer a batch norm with weight sqrt(var + eps) and bias mean, of the layer's outputs on the batch:
on that batch, in the mode that trains, it computes the same function. Each of the two moves along its own
gradient as in `landscape`, whose numbers are taken of both. As weights, batch and outputs are equal, what
differs is the parametrisation alone.
"""

import msgspec
import torch
from torch import Tensor, nn

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.data import load
from bnref.lab.experiments.classify import network, recipe
from bnref.lab.experiments.landscape import along_gradient
from bnref.lab.layers import by_unit, hidden
from bnref.lab.training import train

NUMBERS = ("loss_width", "predictiveness", "beta", "gradient_norm")


def run(cell: Cell) -> Measured:
    """Medians over the probes of four numbers of `landscape`, `plain_` and `inserted_`, and their curves.

    Arm: as for `classify`, and probe_every. `norm` is what is inserted, a layer with eps, weight and bias
    that normalises by batch statistics; the network that trains has none. `error` is the largest
    difference of the two networks' outputs at any probe, over the largest output.
    """
    data = load(str(cell.arm["data"]), cell.device, int(cell.arm["pool"]))  # type: ignore[arg-type]
    bare = msgspec.structs.replace(cell, arm={**cell.arm, "norm": "identity"})
    net, twin = network(bare, data), network(cell, data)
    rate, every = float(cell.arm["learning_rate"]), int(cell.arm["probe_every"])  # type: ignore[arg-type]
    seen: dict[str, list[float]] = {"step": []}
    errors: list[float] = []

    def probe(step: int, images: Tensor, labels: Tensor) -> None:
        if step % every:
            return
        seen["step"].append(step)
        errors.append(insert(net, twin, images))
        for name, one in (("plain", net), ("inserted", twin)):
            found = along_gradient(one, images, labels, rate)
            for number in NUMBERS:
                seen.setdefault(f"{name}_{number}", []).append(found[number])

    result = train(net, data.train, **recipe(bare), probe=probe)
    if result.diverged:
        return Measured(metrics={}, diverged=True, data=data.sha256)
    metrics = {"train_accuracy": result.last(result.accuracies), "error": max(errors)}
    for name, values in seen.items():
        if name != "step":
            metrics[name] = float(torch.tensor(values, dtype=torch.float64).quantile(0.5))
    return Measured(metrics=metrics, series=seen, data=data.sha256)


@torch.no_grad()
def insert(net: nn.Module, twin: nn.Module, images: Tensor) -> float:
    """Give the twin the net's weights and function on these images; how far outputs are apart."""
    twin.train()
    outputs, plain = hidden(net, images)
    _, normed = hidden(twin, images)
    for one, other in zip(plain, normed, strict=True):
        other.layer.weight.copy_(one.layer.weight)
        sample, norm = by_unit(one.y), other.behind
        norm.weight.copy_((sample.var(1, correction=0) + norm.eps).sqrt())  # type: ignore[operator]
        norm.bias.copy_(sample.mean(1))  # type: ignore[operator]
    linear = [module for module in net.modules() if isinstance(module, nn.Linear)][-1]
    classifier = [module for module in twin.modules() if isinstance(module, nn.Linear)][-1]
    classifier.load_state_dict(linear.state_dict())
    there, _ = hidden(twin, images)
    return float((outputs - there).abs().max() / outputs.abs().max())
