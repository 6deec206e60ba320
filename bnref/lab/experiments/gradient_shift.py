"""Internal covariate shift as a change of gradients (Santurkar et al. 2018, definition 2.1).

At step t the optimiser turns parameters theta_t into theta_t+1 on the batch (x, y). For the weights W_i of
layer i, on that same batch,

    G  = grad_{W_i} L(theta_1^t, ...,     theta_{i-1}^t,     W_i^t, ..., W_k^t;  x, y)
    G' = grad_{W_i} L(theta_1^{t+1}, ..., theta_{i-1}^{t+1}, W_i^t, ..., W_k^t;  x, y)

    shift    ||G - G'||_2, and relative to ||G||_2        ideal 0
    cosine   <G, G'> / (||G|| ||G'||)                      ideal 1

theta holds normalisers' parameters too: those of earlier layers move, layer i's own follow it and do not.
Both are taken in the mode that trains, and leave buffers alone.
"""

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import cosine_similarity, cross_entropy

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.data import load
from bnref.lab.experiments.classify import network, recipe
from bnref.lab.training import train

SERIES = ("shift", "relative_shift", "cosine")
TINY = 1e-30
"""In the place of a gradient that is zero, of which nothing is relative."""


def run(cell: Cell) -> Measured:
    """Medians of shift, relative shift and cosine over the probed steps, averaged over the layers.

    Arm: as for `classify`, and probe_every, the steps from one probe to the next. Layers: those at a
    half and at three quarters of the depth. The last step of a run is not probed. The series have the
    loss of each probed batch, too, and `batch`, the steps counted from 1.
    """
    arm = cell.arm
    data = load(str(arm["data"]), cell.device, int(arm["pool"]))  # type: ignore[arg-type]
    net = network(cell, data)
    weights = probed(net)
    every = int(arm["probe_every"])  # type: ignore[arg-type]
    seen: dict[str, list[float]] = {"step": [], **{name: [] for name in SERIES}}
    taken: list[tuple[dict[str, Tensor], Tensor, Tensor]] = []

    def probe(step: int, images: Tensor, labels: Tensor) -> None:
        now = {name: p.detach().clone() for name, p in net.named_parameters()}
        if taken:  # the step after a probed one: its parameters are theta_t+1
            found = [change(net, weight, taken[0][0], now, *taken[0][1:]) for weight in weights]
            for name, values in zip(SERIES, zip(*found, strict=True), strict=True):
                seen[name].append(sum(values) / len(values))
            seen["step"].append(step - 1)
            taken.clear()
        if step % every == 0:
            taken.append((now, images, labels))

    result = train(net, data.train, **recipe(cell), probe=probe)
    if result.diverged:
        return Measured(metrics={}, diverged=True, data=data.sha256)
    metrics = {"train_accuracy": result.last(result.accuracies)}
    for name in SERIES:
        metrics[name] = float(torch.tensor(seen[name], dtype=torch.float64).quantile(0.5))
    seen["batch"] = [step + 1 for step in seen["step"]]
    seen["loss"] = [float(result.losses[int(step)]) for step in seen["step"]]
    return Measured(metrics=metrics, series=seen, data=data.sha256)


def probed(net: nn.Module) -> tuple[str, str]:
    """Names of the weights of the layers at a half and at three quarters of the depth."""
    names = [
        f"{name}.weight"
        for name, module in net.named_modules()
        if isinstance(module, nn.Conv2d | nn.Linear)
    ]
    return names[len(names) // 2], names[3 * len(names) // 4]


def change(
    net: nn.Module,
    weight: str,
    before: dict[str, Tensor],
    after: dict[str, Tensor],
    images: Tensor,
    labels: Tensor,
) -> tuple[float, float, float]:
    """||G - G'||, the same over ||G||, and their cosine, for the weights of this name."""
    names = list(before)  # in the order of the layers
    earlier = names[: names.index(weight)]
    moved = {**before, **{name: after[name] for name in earlier}}
    g, there = (gradient(net, weight, at, images, labels) for at in (before, moved))
    size, distance = float(g.norm()), float((g - there).norm())
    cosine = cosine_similarity(g.flatten(), there.flatten(), dim=0)
    return distance, distance / max(size, TINY), float(cosine)


def gradient(
    net: nn.Module, weight: str, at: dict[str, Tensor], images: Tensor, labels: Tensor
) -> Tensor:
    """dL/dW with these parameters, and copies of the net's buffers."""
    leaf = at[weight].clone().requires_grad_()
    buffers = {name: buffer.clone() for name, buffer in net.named_buffers()}
    logits = functional_call(net, {**at, **buffers, weight: leaf}, (images,))
    return torch.autograd.grad(cross_entropy(logits, labels), leaf)[0]
