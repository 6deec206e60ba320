"""The loss along the gradient while a network trains (Santurkar et al. 2018, section 3.2, A.2.2).

At step t, with g the gradient of the loss L at theta_t on the training batch, and eta in the paper's grid
{1/2, 1, 2, 4} x learning rate, all on that same batch and in the mode that trains:

    loss width      max_eta L(theta_t - eta g) - min_eta L(theta_t - eta g)
    predictiveness  P(eta) = || grad L(theta_t) - grad L(theta_t - eta g) ||_2
    effective beta  max_eta P(eta) / (eta ||g||)

g holds every trained parameter, those of the normaliser too, and there is no weight decay. A probe leaves
parameters and buffers exactly as they were.

eta ||g|| is another distance in another network. With distance "relative" the same numbers are taken where
every tensor theta_l of parameters moves by rho ||theta_l|| g_l / ||g_l||, rho in {1/2, 1, 2, 4} x 0.01, and
beta is max_rho P(rho) / ||moved by||.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.data import load
from bnref.lab.experiments.classify import network, recipe
from bnref.lab.training import train

STEP_GRID = (0.5, 1.0, 2.0, 4.0)
RELATIVE_RATE = 0.01
OVERFLOW = 1e6
"""What a probe counts as where the loss or the gradient is not finite, or larger."""


def run(cell: Cell) -> Measured:
    """Medians and 95th percentiles over the probed steps, and the curves.

    Arm: as for `classify`, probe_every, the steps from one probe to the next, and optionally distance
    "relative". Beside the three numbers the series have the ends of the ranges of the loss (`loss_low`,
    `loss_high`) and of P (`change_low`, `change_high`), P at each eta of the grid, `change_1` to
    `change_4`, ||g||, and `change`, the median of P by `eta`.
    """
    arm = cell.arm
    data = load(str(arm["data"]), cell.device, int(arm["pool"]))  # type: ignore[arg-type]
    net = network(cell, data)
    rate, relative = float(arm["learning_rate"]), arm.get("distance") == "relative"  # type: ignore[arg-type]
    every = int(arm["probe_every"])  # type: ignore[arg-type]
    seen: dict[str, list[float]] = {"step": [], "loss_width": [], "predictiveness": [], "beta": []}

    def probe(step: int, images: Tensor, labels: Tensor) -> None:
        if step % every == 0:
            seen["step"].append(step)
            for name, value in along_gradient(net, images, labels, rate, relative).items():
                seen.setdefault(name, []).append(value)

    result = train(net, data.train, **recipe(cell), probe=probe)
    metrics = {"diverged_probes": float(sum(v >= OVERFLOW for v in seen["loss_width"]))}
    for name in ("loss_width", "predictiveness", "beta"):
        values = torch.tensor(seen[name], dtype=torch.float64)
        metrics[f"{name}_median"] = float(values.quantile(0.5))
        metrics[f"{name}_q95"] = float(values.quantile(0.95))
    seen["eta"] = [step * (RELATIVE_RATE if relative else rate) for step in STEP_GRID]
    at_each = [torch.tensor(seen[f"change_{n}"], dtype=torch.float64) for n in (1, 2, 3, 4)]
    seen["change"] = [float(values.quantile(0.5)) for values in at_each]
    metrics["beta_tail"] = metrics["beta_q95"] / metrics["beta_median"]
    if len(result.losses):
        metrics["train_loss"] = result.last(result.losses)
        metrics["train_accuracy"] = result.last(result.accuracies)
    return Measured(metrics=metrics, series=seen, diverged=result.diverged, data=data.sha256)


def along_gradient(
    net: nn.Module, images: Tensor, labels: Tensor, rate: float, relative: bool = False
) -> dict[str, float]:
    """The numbers of one step. Parameters, their gradients and buffers are restored."""
    parameters = list(net.parameters())
    state = [tensor.detach().clone() for tensor in (*parameters, *net.buffers())]
    try:
        here, _ = _gradient(net, parameters, images, labels)
        direction = _in_proportion(parameters, here) if relative else here
        rate, length = RELATIVE_RATE if relative else rate, float(direction.norm())
        losses, changes = [], []
        for step in STEP_GRID:
            _move(parameters, state, direction, step * rate)
            there, loss = _gradient(net, parameters, images, labels)
            losses.append(_bounded(loss))
            changes.append(_bounded(float((here - there).norm())))
    finally:
        with torch.no_grad():
            for tensor, before in zip((*parameters, *net.buffers()), state, strict=True):
                tensor.copy_(before)
    ratios = [
        p / (step * rate * length) for p, step in zip(changes, STEP_GRID, strict=True) if length
    ]
    return {
        "loss_width": max(losses) - min(losses),
        "predictiveness": changes[-1],
        "beta": _bounded(max(ratios, default=0.0)),
        "loss_low": min(losses),
        "loss_high": max(losses),
        "change_low": min(changes),
        "change_high": max(changes),
        **{f"change_{number}": change for number, change in enumerate(changes, start=1)},
        "gradient_norm": _bounded(float(here.norm())),
    }


def _gradient(
    net: nn.Module, parameters: list[nn.Parameter], images: Tensor, labels: Tensor
) -> tuple[Tensor, float]:
    loss = cross_entropy(net(images), labels)
    gradients = torch.autograd.grad(loss, parameters)
    return torch.cat([gradient.flatten() for gradient in gradients]), float(loss.detach())


@torch.no_grad()
def _in_proportion(parameters: list[nn.Parameter], gradient: Tensor) -> Tensor:
    """The gradient with each tensor's part as long as that tensor; a part that is zero stays so."""
    parts = gradient.split([p.numel() for p in parameters])
    return torch.cat(
        [
            part * (p.norm() / part.norm().clamp_min(torch.finfo(part.dtype).tiny))
            for p, part in zip(parameters, parts, strict=True)
        ]
    )


@torch.no_grad()
def _move(
    parameters: list[nn.Parameter], state: list[Tensor], direction: Tensor, eta: float
) -> None:
    parts = direction.split([p.numel() for p in parameters])
    for parameter, start, part in zip(parameters, state, parts, strict=False):
        parameter.copy_(start - eta * part.view_as(parameter))


def _bounded(value: float) -> float:
    return value if value <= OVERFLOW else OVERFLOW
