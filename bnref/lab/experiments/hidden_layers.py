"""What the units of a perceptron see while it trains: percentiles, shapes, Jacobians between layers.

Measured on the first images that validate, with a copy of the network in evaluation mode whose running
statistics are those of these images (Ioffe & Szegedy 2015, algorithm 2, of one large batch).
"""

from copy import deepcopy
from itertools import pairwise

import torch
from torch import Tensor, nn

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.data import load
from bnref.lab.perceptrons import ACTIVATIONS, perceptron
from bnref.lab.training import reestimate, train

PERCENTILES = (0.15, 0.5, 0.85)
EXAMPLES = 4
"""Images whose Jacobians are taken."""
DEAD = 1e-6
"""A unit with a smaller standard deviation has no shape."""


def run(cell: Cell) -> Measured:
    """Drift of the activations' inputs in the last hidden layer, over all its units, and more.

    With the percentiles P of a unit at the times t of the probes:

        drift       mean_t |P50(t+1) - P50(t)| / mean_t (P85 - P15), median over units
        late_drift  the same over the second half of the probes
        excursion   (max_t P50 - min_t P50) / mean_t (P85 - P15), median over units
        spread      P85 - P15 at the last probe over that at the first, median over units

    skew and kurtosis (excess), absolute and as a mean over units that live, and sparse (share of
    values nearer to zero than 0.05 standard deviations), of W u (`_products`) and of its input u
    (`_inputs`) in all hidden layers but the first, after the last step. The singular values s of
    d xhat_{l+1} / d xhat_l, with xhat a layer's normalised value before scale and shift (before the
    activation where there is no normaliser): mean |ln s| (`distance`), share of |s - 1| < 0.2
    (`near_one`), mean s^2 (`square`), at the `_start` and at the `_end`.

    Arm: data, pool, the net's (`bnref.lab.perceptrons`, normaliser before the activation),
    learning_rate, batch_size, images (the budget), probe_every, probe_images.
    """
    arm = cell.arm
    data = load(str(arm["data"]), cell.device, int(arm["pool"]))  # type: ignore[arg-type]
    probed = data.validation.images[: int(arm["probe_images"])]  # type: ignore[arg-type]
    batch_size, every = int(arm["batch_size"]), int(arm["probe_every"])  # type: ignore[arg-type]
    net = perceptron(cell, data)
    steps: list[float] = []
    seen: list[Tensor] = []

    def look(step: int) -> None:
        steps.append(float(step))
        seen.append(percentiles(layers(settled(net, probed), probed)[-1][1]))

    def probe(step: int, images: Tensor, labels: Tensor) -> None:
        if step % every == 0:
            look(step)

    metrics = spectrum(settled(net, probed), probed, "start")
    result = train(
        net,
        data.train,
        learning_rate=float(arm["learning_rate"]),  # type: ignore[arg-type]
        batch_size=batch_size,
        steps=int(arm["images"]) // batch_size,  # type: ignore[arg-type]
        seed=cell.seed,
        probe=probe,
    )
    if result.diverged:
        return Measured(metrics=metrics, diverged=True, data=data.sha256)
    look(len(result.losses))
    end = settled(net, probed)
    metrics |= spectrum(end, probed, "end") | shapes(layers(end, probed)) | drift(torch.stack(seen))
    metrics["train_accuracy"] = result.last(result.accuracies)
    unit = torch.stack(seen)[:, :, 0].T
    series = {"step": steps} | {
        f"p{100 * p:.0f}": row.tolist() for p, row in zip(PERCENTILES, unit, strict=True)
    }
    return Measured(metrics=metrics, series=series, data=data.sha256)


def settled(net: nn.Sequential, images: Tensor) -> nn.Sequential:
    """A copy in evaluation mode whose running statistics are those of the images."""
    copy = deepcopy(net)
    reestimate(copy, images, len(images))
    return copy.eval()


@torch.no_grad()
def layers(net: nn.Sequential, images: Tensor) -> list[tuple[Tensor, Tensor, Tensor]]:
    """Of each hidden layer W u, the input of the activation and its output, each (N, C)."""
    found: list[tuple[Tensor, Tensor, Tensor]] = []
    product = x = images
    for module in net:
        given, x = x, module(x)
        if isinstance(module, nn.Linear):
            product = x
        elif isinstance(module, tuple(ACTIVATIONS.values())):
            found.append((product, given, x))
    return found


def percentiles(values: Tensor) -> Tensor:
    """The three percentiles of each unit, (3, C)."""
    return values.quantile(values.new_tensor(PERCENTILES), dim=0)


def drift(seen: Tensor) -> dict[str, float]:
    """Drift, excursion and spread of percentiles (T, 3, C)."""
    low, middle, high = seen.unbind(1)
    spread = (high - low).mean(0)
    half = (len(seen) - 1) // 2  # of two probes both
    late_middle, late_spread = middle[half:], (high - low)[half:].mean(0)
    return {
        "drift": float((middle.diff(dim=0).abs().mean(0) / spread).median()),
        "late_drift": float((late_middle.diff(dim=0).abs().mean(0) / late_spread).median()),
        "excursion": float(((middle.amax(0) - middle.amin(0)) / spread).median()),
        "spread": float(((high - low)[-1] / (high - low)[0]).median()),
    }


def shapes(found: list[tuple[Tensor, Tensor, Tensor]]) -> dict[str, float]:
    """How far from Gaussian products and inputs of the hidden layers after the first are."""
    products = torch.cat([product for product, _, _ in found[1:]], dim=1)
    inputs = torch.cat([output for _, _, output in found[:-1]], dim=1)
    return shape(products, "products") | shape(inputs, "inputs")


def shape(values: Tensor, name: str) -> dict[str, float]:
    """The shape of values (N, C), mean over the units that live; see `run`."""
    std = values.std(0, correction=0)
    living, std = values[:, std > DEAD].double(), std[std > DEAD].double()
    z = (living - living.mean(0)) / std
    return {
        f"skew_{name}": float(z.pow(3).mean(0).abs().mean()),
        f"kurtosis_{name}": float((z.pow(4).mean(0) - 3).abs().mean()),
        f"sparse_{name}": float((living.abs() < 0.05 * std).double().mean()),
    }


def spectrum(net: nn.Sequential, images: Tensor, when: str) -> dict[str, float]:
    """Singular values of the Jacobians between consecutive layers, those of all examples together."""
    values = torch.cat([torch.linalg.svdvals(j).flatten() for j in jacobians(net, images)])
    return {
        f"distance_{when}": float(values.clamp_min(1e-12).log().abs().mean()),
        f"near_one_{when}": float(((values - 1).abs() < 0.2).double().mean()),
        f"square_{when}": float(values.square().mean()),
    }


def jacobians(net: nn.Sequential, images: Tensor) -> list[Tensor]:
    """d xhat_{l+1} / d xhat_l of the first examples, (EXAMPLES, C, C) for each pair of layers."""
    starts = [at for at, module in enumerate(net) if isinstance(module, nn.Linear)][:-1]
    found = []
    for at, after in pairwise(starts):
        y = net[: at + 2](images[:EXAMPLES]).detach().requires_grad_()
        values = net[at + 2 : after + 2](y)
        # In evaluation mode examples do not see each other: one pass gives a row for each.
        rows = [
            torch.autograd.grad(unit.sum(), y, retain_graph=True)[0] for unit in values.unbind(1)
        ]
        of_y = torch.stack(rows, dim=1)
        found.append(of_y / _scale(net[after + 1], y)[:, None] * _scale(net[at + 1], y))
    return found


def _scale(norm: nn.Module, like: Tensor) -> Tensor:
    """What the normaliser multiplies by, so that y is scale * xhat + shift, on the device of `like`."""
    weight = getattr(norm, "weight", None)
    return like.new_ones(1) if weight is None else weight.detach()
