"""The loss along random directions while a network trains (Santurkar et al. 2018, section 3.2, in words).

As in `landscape`, with ||g|| u in the place of the gradient g, u uniform on the unit sphere of all trained
parameters: at step t, eta in {1/2, 1, 2, 4} x learning rate, on the training batch, in the mode that trains,

    loss width      max_eta L(theta_t - eta ||g|| u) - min_eta L(theta_t - eta ||g|| u)
    predictiveness  || grad L(theta_t) - grad L(theta_t - eta ||g|| u) ||_2 at 4 x learning rate
"""

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import cross_entropy

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.data import load
from bnref.lab.experiments.classify import network, recipe
from bnref.lab.experiments.landscape import STEP_GRID
from bnref.lab.randomness import generator
from bnref.lab.training import train

Parts = dict[str, Tensor]


def run(cell: Cell) -> Measured:
    """Medians over the probed steps, and the two curves.

    Arm: as for `classify`, and probe_every, the steps from one probe to the next.
    """
    arm = cell.arm
    data = load(str(arm["data"]), cell.device, int(arm["pool"]))  # type: ignore[arg-type]
    net = network(cell, data)
    rate = float(arm["learning_rate"])  # type: ignore[arg-type]
    every = int(arm["probe_every"])  # type: ignore[arg-type]
    draw = generator(cell.seed, "directions")
    seen: dict[str, list[float]] = {"step": [], "loss_width": [], "predictiveness": []}

    def probe(step: int, images: Tensor, labels: Tensor) -> None:
        if step % every == 0:
            unit = direction(net, draw)
            width, change = along(net, unit, images, labels, rate)
            for name, value in zip(seen, (float(step), width, change), strict=True):
                seen[name].append(value)

    result = train(net, data.train, **recipe(cell), probe=probe)
    if result.diverged:
        return Measured(metrics={}, diverged=True, data=data.sha256)
    metrics = {"train_accuracy": result.last(result.accuracies)}
    for name in ("loss_width", "predictiveness"):
        metrics[name] = float(torch.tensor(seen[name], dtype=torch.float64).quantile(0.5))
    return Measured(metrics=metrics, series=seen, data=data.sha256)


def direction(net: nn.Module, draw: torch.Generator) -> Parts:
    """A vector of length one, uniform over directions of all parameters together."""
    parts = {name: torch.randn(p.shape, generator=draw).to(p) for name, p in net.named_parameters()}
    length = size(parts)
    return {name: part / length for name, part in parts.items()}


def along(
    net: nn.Module, unit: Parts, images: Tensor, labels: Tensor, rate: float
) -> tuple[float, float]:
    """Loss width and predictiveness along ||g|| unit. The net is left as it was."""
    here = {name: p.detach() for name, p in net.named_parameters()}
    gradient, _ = value(net, here, images, labels)
    length = size(gradient)
    losses = []
    for step in STEP_GRID:
        moved = {name: p - step * rate * length * unit[name] for name, p in here.items()}
        there, loss = value(net, moved, images, labels)
        losses.append(loss)
    change = size({name: gradient[name] - there[name] for name in here})
    return max(losses) - min(losses), change


def value(net: nn.Module, at: Parts, images: Tensor, labels: Tensor) -> tuple[Parts, float]:
    """Gradient and loss with these parameters and copies of the net's buffers."""
    leaves = {name: p.clone().requires_grad_() for name, p in at.items()}
    buffers = {name: buffer.clone() for name, buffer in net.named_buffers()}
    loss = cross_entropy(functional_call(net, {**leaves, **buffers}, (images,)), labels)
    found = torch.autograd.grad(loss, list(leaves.values()))
    return dict(zip(leaves, found, strict=True)), float(loss.detach())


def size(parts: Parts) -> float:
    """The Euclidean length of all parts together."""
    return float(torch.stack([part.square().sum() for part in parts.values()]).sum().sqrt())
