"""The deep linear network of Santurkar et al. 2018: W_1 ... W_k learn to multiply by a matrix A.

    loss     sum over rows x of || W_k ... W_1 x - A x ||^2, all W_i and A square, x Gaussian, centred
    G_i      gradient of W_i at step t
    G'_i     the same where W_1 ... W_{i-1} and their normalisers are those of step t + 1

Every step takes all rows (appendix A.1); G and G' are compared by their cosine and by ||G - G'||
(definition 2.1, "internal covariate shift"). A and x are N(0, 1), W_i is Glorot's N(0, 1/width), and a
normaliser stands behind every W but the last.

Along the gradient g of all parameters, eta in the paper's grid {1/100, 1/10, 1, 10, 30} x learning rate:

    spread    log10 of max_eta L(theta_t - eta g) / min_eta L(theta_t - eta g)
    change    max_eta || g - grad L(theta_t - eta g) ||
    beta      max_eta || g - grad L(theta_t - eta g) || / (eta ||g||)

With batch norm or no normaliser the loss depends on the rows through their second moments alone, so
`moments` replaces n centred rows by 2 width rows [B, -B] of the same mean and second moment, each counted
n / (2 width) times. Another normaliser sees all rows: l1 batch norm in packs, others run by run.
"""

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

import torch
from torch import Tensor, nn

from bnref.evidence.cell import Cell, Value
from bnref.evidence.record import Measured
from bnref.lab.l1_stack import is_l1, l1_backward, l1_forward, l1_stacked
from bnref.lab.nets import initialise, mlp
from bnref.lab.randomness import generator
from bnref.lab.stack import (
    Stack,
    backward,
    blocks,
    can_stack,
    copied,
    forward,
    parameters,
    stacked,
)

STEP_GRID = (0.01, 0.1, 1.0, 10.0, 30.0)
OVERFLOW = 1e30
"""What a probed loss or change of the gradient counts as where it is not finite, or larger."""
EARLY = 0.1
"""The share of the steps whose cosines do not count; the paper's figure starts about there."""


@dataclass(frozen=True)
class Rows:
    """x and A x of S runs, (S, width, N); how many rows of the data each of the N stands for."""

    x: Tensor
    target: Tensor
    weight: float


@dataclass(frozen=True)
class Form:
    """How networks are held: as one stack, or one as torch's modules. Lists have a run per entry."""

    parameters: Callable[..., list[Tensor]]
    gradient: Callable[..., tuple[Tensor, list[Tensor]]]
    copied: Callable[..., object]
    mixed: Callable[..., object]


def run_pack(cells: tuple[Cell, ...]) -> list[Measured]:
    """Loss, cosine and distance of G and G', and loss along the gradient, of runs of several seeds.

    Arm: depth, width, rows, moments, norm, learning_rate, steps, probe_every, layers (the probed W by
    number: "9,17"), pack. A run whose loss or gradient is not finite diverged and has no other metric.
    """
    arm = cells[0].arm
    depth, width = int(arm["depth"]), int(arm["width"])  # type: ignore[arg-type]
    nets = [mlp(str(arm["norm"]), width, width, depth - 1, width, "none", False) for _ in cells]
    for net, cell in zip(nets, cells, strict=True):
        initialise(net.to(cell.device), cell.seed, gain=1.0)
    if can_stack(nets[0]):
        return follow(TOGETHER, stacked(nets), data(cells, bool(arm["moments"])), arm)
    if is_l1(nets[0]):
        return follow(L1, l1_stacked(nets), data(cells, moments=False), arm)
    return [
        follow(ALONE, net, data((cell,), moments=False), arm)[0]
        for net, cell in zip(nets, cells, strict=True)
    ]


def data(cells: Sequence[Cell], moments: bool) -> Rows:
    """The rows of each cell's seed, or 2 width rows with their moments; the same A for both."""
    arm = cells[0].arm
    width, count = int(arm["width"]), int(arm["rows"])  # type: ignore[arg-type]
    inputs, targets = [], []
    for cell in cells:
        x = torch.randn(width, count, generator=generator(cell.seed, "rows"), dtype=torch.float64)
        a = torch.randn(width, width, generator=generator(cell.seed, "A"), dtype=torch.float64)
        x -= x.mean(1, keepdim=True)
        if moments:
            root = torch.linalg.cholesky(x @ x.T * (width / count))
            x = torch.cat([root, -root], 1)
        inputs.append(x.float())
        targets.append((a @ x).float())
    device = cells[0].device
    x = torch.stack(inputs).to(device)
    return Rows(x, torch.stack(targets).to(device), count / x.shape[2])


def follow(form: Form, net: object, rows: Rows, arm: Mapping[str, Value]) -> list[Measured]:
    """Gradient descent on all rows, with G and G' every `probe_every` steps; what each run measured."""
    rate, steps = float(arm["learning_rate"]), int(arm["steps"])  # type: ignore[arg-type]
    every = int(arm["probe_every"])  # type: ignore[arg-type]
    layers = [int(number) for number in str(arm["layers"]).split(",")]
    trained = form.parameters(net)
    losses = torch.full((steps, len(rows.x)), math.nan, device=rows.x.device)
    seen: list[Tensor] = []
    along: list[Tensor] = []
    for step in range(steps):
        probed = step % every == 0
        before = form.copied(net) if probed else None
        losses[step], gradient = form.gradient(net, rows)
        torch._foreach_add_(trained, gradient, alpha=-rate)
        if probed:
            seen.append(torch.stack([_shift(form, net, before, gradient, i, rows) for i in layers]))
            along.append(along_gradient(form, before, gradient, rows, rate))
            if not losses[step].isfinite().any():
                break
    shifts = torch.stack(seen).cpu().double()  # (probes, layers, 2, S)
    landscape = torch.stack(along).cpu()  # (probes, 4, S)
    return [
        _measured(losses[:, run].cpu(), shifts[..., run], landscape[..., run], layers, every)
        for run in range(len(rows.x))
    ]


def _shift(
    form: Form, after: object, before: object, gradient: list[Tensor], layer: int, rows: Rows
) -> Tensor:
    """Cosine and distance (2, S) of G and G' of one layer, before and after a step of those below it."""
    mixed = form.mixed(after, before, layer)
    number = len(form.parameters(form.mixed(after, (), layer)))
    _, moved = form.gradient(mixed, rows)
    old, new = (g[number].reshape(len(rows.x), -1) for g in (gradient, moved))
    return torch.stack([torch.cosine_similarity(old, new), (old - new).norm(dim=1)])


def along_gradient(
    form: Form, net: object, gradient: list[Tensor], rows: Rows, rate: float
) -> Tensor:
    """Least and largest loss, largest change of the gradient, and beta, of each run (4, S).

    The net stays as it is.
    """
    here = _flat(gradient, rows)
    losses, changes = [], []
    for eta in STEP_GRID:
        moved = form.copied(net)
        torch._foreach_add_(form.parameters(moved), gradient, alpha=-eta * rate)
        loss, there = form.gradient(moved, rows)
        losses.append(_bounded(loss.double()))
        changes.append(_bounded((_flat(there, rows) - here).norm(dim=1)))
    length = here.norm(dim=1)
    ratios = [
        change / (eta * rate * length) for change, eta in zip(changes, STEP_GRID, strict=True)
    ]
    found = (torch.stack(losses), torch.stack(changes), _bounded(torch.stack(ratios)))
    return torch.stack([found[0].amin(0), *(numbers.amax(0) for numbers in found)])


def _flat(parts: list[Tensor], rows: Rows) -> Tensor:
    """All numbers of the gradient, run by run, (S, numbers)."""
    return torch.cat([part.double().reshape(len(rows.x), -1) for part in parts], 1)


def _bounded(values: Tensor) -> Tensor:
    return values.nan_to_num(OVERFLOW, OVERFLOW, -OVERFLOW).clamp(max=OVERFLOW)


def _measured(
    losses: Tensor, shifts: Tensor, landscape: Tensor, layers: list[int], every: int
) -> Measured:
    steps = len(losses)
    if not (losses.isfinite().all() and shifts.isfinite().all()):
        return Measured(metrics={"steps": steps}, diverged=True)
    metrics = {
        "steps": steps,
        "first_loss": float(losses[0]),
        "train_loss": float(losses[-math.ceil(steps / 10) :].mean()),
    }
    series = {"step": [float(s) for s in range(0, steps, every)], "loss": losses[::every].tolist()}
    counted = slice(min(math.ceil(steps * EARLY / every), len(shifts) - 1), None)
    for number, layer in enumerate(layers):
        cosine, distance = shifts[:, number, 0].tolist(), shifts[:, number, 1].tolist()
        metrics[f"cosine_{layer}"] = median(cosine[counted])
        metrics[f"distance_{layer}"] = median(distance[counted])
        series[f"cosine_{layer}"] = cosine
    low, high, change, beta = (values.tolist() for values in landscape.T)
    series |= {"loss_low": low, "loss_high": high, "change": change, "beta": beta}
    series["spread"] = (landscape[:, 1] / landscape[:, 0]).log10().tolist()
    return Measured(metrics=metrics, series=series)


def _stack_gradient(stack: Stack, rows: Rows) -> tuple[Tensor, list[Tensor]]:
    error, kept = forward(stack, rows.x, track=False)
    error.sub_(rows.target)
    loss = error.square().sum((1, 2)).mul_(rows.weight)
    return loss, backward(stack, kept, error.mul_(2 * rows.weight))


def _l1_gradient(stack: Stack, rows: Rows) -> tuple[Tensor, list[Tensor]]:
    error, kept = l1_forward(stack, rows.x)
    error -= rows.target
    loss = error.square().sum((1, 2)) * rows.weight
    return loss, l1_backward(stack, kept, error * (2 * rows.weight))


def _net_gradient(net: nn.Sequential, rows: Rows) -> tuple[Tensor, list[Tensor]]:
    loss = (net(rows.x[0].T).T - rows.target[0]).square().sum() * rows.weight
    return loss.detach()[None], list(torch.autograd.grad(loss, list(net.parameters())))


def _mixed_nets(below: nn.Sequential, above: Sequence[nn.Module], layer: int) -> nn.Sequential:
    kept = [*blocks(below)[: layer - 1], *blocks(above)[layer - 1 :]]
    return nn.Sequential(*(module for block in kept for module in block))


TOGETHER = Form(
    parameters=parameters,
    gradient=_stack_gradient,
    copied=copied,
    mixed=lambda below, above, layer: (*below[: layer - 1], *above[layer - 1 :]),
)
L1 = replace(TOGETHER, gradient=_l1_gradient)
ALONE = Form(
    parameters=lambda net: [p.detach() for p in net.parameters()],
    gradient=_net_gradient,
    copied=copy.deepcopy,
    mixed=_mixed_nets,
)
