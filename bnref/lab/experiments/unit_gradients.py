"""Gradients of units in training, of a batch norm net and its plain twin (Santurkar et al. 2018, 4.1).

Both nets start from the same weights and see the same batches; unit j of a layer is compared with unit j.
With y the outputs of a hidden layer before the normaliser, z those behind it, yhat = (y - E y) / sqrt(var),
var biased, over a batch of m:

    smaller     ||dL/dy||_2 of the batch norm net <= ||dL/dy||_2 of the plain net      theorem 4.1
    aligned     <dL/dz, yhat> > 0 in the batch norm net: smaller outputs lower L        theorem 4.2

each as a share of the units of all hidden layers, and of the probed steps.
"""

import msgspec
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.data import Data, load
from bnref.lab.experiments.classify import network
from bnref.lab.training import Run, train


def run(cell: Cell) -> Measured:
    """Both shares over all probed steps, over the first, and over the last tenth; and their curves.

    Arm: as for `classify`, and probe_every. Its normaliser is compared with none.
    """
    data = load(str(cell.arm["data"]), cell.device, int(cell.arm["pool"]))  # type: ignore[arg-type]
    plain, _, ended_plain = trained(cell, data, "identity")
    norms, aligned, ended = trained(cell, data, str(cell.arm["norm"]))
    if ended.diverged or ended_plain.diverged:
        return Measured(metrics={}, diverged=True, data=data.sha256)
    curves = {
        "smaller": (norms <= plain).double().flatten(1).mean(1),
        "aligned": (aligned > 0).double().flatten(1).mean(1),
    }
    metrics = {
        "train_accuracy": ended.last(ended.accuracies),
        "plain_train_accuracy": ended_plain.last(ended_plain.accuracies),
    }
    every = int(cell.arm["probe_every"])  # type: ignore[arg-type]
    series = {"step": [float(every * index) for index in range(len(plain))]}
    for name, curve in curves.items():
        metrics[name] = float(curve.mean())
        metrics[f"{name}_first"] = float(curve[0])
        metrics[f"{name}_last"] = float(curve[-max(1, len(curve) // 10) :].mean())
        series[name] = [100 * float(value) for value in curve]
    return Measured(metrics=metrics, series=series, data=data.sha256)


def trained(cell: Cell, data: Data, norm: str) -> tuple[Tensor, Tensor, Run]:
    """||dL/dy|| and <dL/dz, yhat> (probed steps, layers, units) of one net, and how it trained."""
    arm = {**cell.arm, "norm": norm}
    net = network(msgspec.structs.replace(cell, arm=arm), data)
    every, batch_size = int(arm["probe_every"]), int(arm["batch_size"])  # type: ignore[arg-type]
    norms, aligned = [], []

    def probe(step: int, images: Tensor, labels: Tensor) -> None:
        if step % every == 0:
            found = [of_layer(*layer) for layer in gradients(net, images, labels)]
            norms.append(torch.stack([one for one, _ in found]))
            aligned.append(torch.stack([other for _, other in found]))

    result = train(
        net,
        data.train,
        learning_rate=float(arm["learning_rate"]),  # type: ignore[arg-type]
        batch_size=batch_size,
        steps=int(arm["images"]) // batch_size,  # type: ignore[arg-type]
        seed=cell.seed,
        probe=probe,
    )
    return torch.stack(norms), torch.stack(aligned), result


def gradients(
    net: nn.Sequential, images: Tensor, labels: Tensor
) -> list[tuple[Tensor, Tensor, Tensor]]:
    """y, dL/dy and dL/dz of every hidden layer (units, values). Buffers are left as they were."""
    kept = [buffer.clone() for buffer in net.buffers()]
    ys, zs, x = [], [], images
    for layer, behind in zip(net, [*net[1:], None], strict=True):
        x = layer(x)
        if isinstance(layer, nn.Conv2d | nn.Linear) and behind is not None:
            ys.append(x)
        elif isinstance(behind, nn.ReLU):
            zs.append(x)
    found = torch.autograd.grad(cross_entropy(x, labels), [*ys, *zs])
    with torch.no_grad():
        for buffer, value in zip(net.buffers(), kept, strict=True):
            buffer.copy_(value)
    flat = [tensor.detach().transpose(0, 1).flatten(1) for tensor in (*ys, *found)]
    count = len(ys)
    return list(zip(flat[:count], flat[count : 2 * count], flat[2 * count :], strict=True))


def of_layer(y: Tensor, by_y: Tensor, by_z: Tensor) -> tuple[Tensor, Tensor]:
    """||dL/dy|| and <dL/dz, yhat> of each unit (units,)."""
    yhat = (y - y.mean(1, keepdim=True)) / y.std(1, keepdim=True, correction=0)
    return by_y.norm(dim=1), (by_z * yhat).sum(1)
