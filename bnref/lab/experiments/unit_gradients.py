"""Gradients of units in training, of a batch norm net and its plain twin (Santurkar et al. 2018, 4.1).

Both nets start from the same weights and see the same batches; unit j of a layer is compared with unit j.
Of a hidden layer y are the outputs, w the weights, z the outputs of the normaliser behind it, g = dL/dz, and
yhat = (y - E y) / sqrt(var), var biased, over a batch of m. A channel of a convolution is a unit: there m is
images times places.

    smaller            ||dL/dy|| of the batch norm net <= that of the plain net           theorem 4.1
    smaller_weights    ||dL/dw|| of the batch norm net <= that of the plain net           theorem 4.4
    aligned            <g, yhat> > 0 in the batch norm net: smaller outputs lower L       theorem 4.2
    mean_share         <1, g>^2 / ||g||^2, of what theorem 4.1 takes off for the mean
    yhat_share         <g, yhat>^2 / ||g||^2, of what it takes off for the variance

The first three are shares of the units of all hidden layers. The last two, m times a share of ||g||^2 and so
1 in the mean where g has no direction, are medians over the units of the batch norm net whose g is not zero.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.data import Data, load
from bnref.lab.experiments.classify import network, recipe
from bnref.lab.layers import by_unit, hidden
from bnref.lab.training import Run, train


@dataclass(frozen=True)
class Units:
    """Numbers of the units of some layers (units,), or of all probed steps (steps, units)."""

    by_y: Tensor
    by_w: Tensor
    along: Tensor
    mean_share: Tensor
    yhat_share: Tensor


def run(cell: Cell) -> Measured:
    """The five over all probed steps, over the first, and over the last tenth; and their curves.

    Arm: as for `classify`, and probe_every. Its normaliser is compared with none.
    """
    data = load(str(cell.arm["data"]), cell.device, int(cell.arm["pool"]))  # type: ignore[arg-type]
    plain, ended_plain = trained(cell, data, "identity")
    normed, ended = trained(cell, data, str(cell.arm["norm"]))
    if ended.diverged or ended_plain.diverged:
        return Measured(metrics={}, diverged=True, data=data.sha256)
    shares = {
        "smaller": normed.by_y <= plain.by_y,
        "smaller_weights": normed.by_w <= plain.by_w,
        "aligned": normed.along > 0,
    }
    curves = {name: of_units.double().mean(1) for name, of_units in shares.items()}
    for name in ("mean_share", "yhat_share"):
        curves[name] = getattr(normed, name).double().nanmedian(1).values.nan_to_num()
    metrics = {
        "train_accuracy": ended.last(ended.accuracies),
        "plain_train_accuracy": ended_plain.last(ended_plain.accuracies),
    }
    every = int(cell.arm["probe_every"])  # type: ignore[arg-type]
    series = {"step": [float(every * index) for index in range(len(plain.by_y))]}
    for name, curve in curves.items():
        metrics[name] = float(curve.mean())
        metrics[f"{name}_first"] = float(curve[0])
        metrics[f"{name}_last"] = float(curve[-max(1, len(curve) // 10) :].mean())
        scale = 100 if name in shares else 1
        series[name] = [scale * float(value) for value in curve]
    return Measured(metrics=metrics, series=series, data=data.sha256)


def trained(cell: Cell, data: Data, norm: str) -> tuple[Units, Run]:
    """All units of one net at every probed step, and how it trained."""
    arm = {**cell.arm, "norm": norm}
    net = network(msgspec.structs.replace(cell, arm=arm), data)
    every = int(arm["probe_every"])  # type: ignore[arg-type]
    seen: list[Units] = []

    def probe(step: int, images: Tensor, labels: Tensor) -> None:
        if step % every == 0:
            layers = [of_layer(*layer) for layer in gradients(net, images, labels)]
            seen.append(_joined(layers, torch.cat))

    result = train(net, data.train, **recipe(cell), probe=probe)
    return _joined(seen, torch.stack), result


def gradients(
    net: nn.Module, images: Tensor, labels: Tensor
) -> list[tuple[Tensor, Tensor, Tensor, Tensor]]:
    """y, dL/dy, dL/dz (units, values) and dL/dw (units, fan_in) of every hidden layer.

    Buffers are left as they were.
    """
    logits, found = hidden(net, images)
    ys, zs = [one.y for one in found], [one.z for one in found]
    weights = [one.layer.weight for one in found]
    of_loss = torch.autograd.grad(cross_entropy(logits, labels), [*ys, *zs, *weights])
    count = len(found)
    flat = [by_unit(tensor.detach()) for tensor in (*ys, *of_loss[: 2 * count])]
    by_w = [gradient.flatten(1) for gradient in of_loss[2 * count :]]
    return list(zip(flat[:count], flat[count : 2 * count], flat[2 * count :], by_w, strict=True))


def of_layer(y: Tensor, by_y: Tensor, by_z: Tensor, by_w: Tensor) -> Units:
    """The numbers of each unit of a layer; shares are nan where g is zero."""
    yhat = (y - y.mean(1, keepdim=True)) / y.std(1, keepdim=True, correction=0)
    along, squared = (by_z * yhat).sum(1), by_z.square().sum(1)
    return Units(
        by_y=by_y.norm(dim=1),
        by_w=by_w.norm(dim=1),
        along=along,
        mean_share=by_z.sum(1).square() / squared,
        yhat_share=along.square() / squared,
    )


def _joined(parts: Sequence[Units], how: Callable[[list[Tensor]], Tensor]) -> Units:
    names = Units.__dataclass_fields__
    return Units(**{name: how([getattr(part, name) for part in parts]) for name in names})
