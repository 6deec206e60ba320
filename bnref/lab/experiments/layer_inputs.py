"""How fast a network trains, and how the distributions inside it shift (Santurkar et al. 2018, 2, 3.3).

Every `probe_every` steps the first 500 training images pass, in the mode that trains, before and after the
step. Of each unit at two places, before a ReLU ("normed": in a plain net the normaliser's output) and behind
it ("input" of what follows), from one step to the next:

    mean shift        |mu' - mu|, mu = E[a]
    variance shift    |var' - var|, var = E[(a - mu)^2], biased
    wasserstein       mean_k |a'_(k) - a_(k)|, a_(k) the k-th smallest value: the distance W1

averaged over the units of all hidden layers; a channel is a unit, and its values are those of all images and
places. The images are always the same, so that a network that stands still, and draws no noise, has no shift.
Noise of noisy normalisers is drawn anew each time.
"""

import torch
from torch import Tensor, nn

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.data import load
from bnref.lab.experiments.classify import network, recipe
from bnref.lab.layers import by_unit
from bnref.lab.nets import each_norm
from bnref.lab.randomness import generator
from bnref.lab.training import Run, errors, train

IMAGES = 500
PLACES = ("normed", "input")
SHIFTS = ("mean_shift", "variance_shift", "wasserstein")
SILENCE = {"n_mean": 0.0, "n_std": 1.0, "r_mean": 0.0, "r_std": 0.0}
"""The constants of algorithm 1 with which noise is none."""
PERCENTILES = {"p10": 0.1, "p50": 0.5, "p90": 0.9}
WINDOW = 10
"""Steps over which the accuracy of training batches is averaged before it is held to a target."""


def run(cell: Cell) -> Measured:
    """Speed of training, errors on test images, and medians of the six shifts over the probes.

    Arm: as for `classify`, probe_every, target, an accuracy, and optionally noise "last": of noisy
    normalisers all but the last draw none. `area` is the mean training accuracy in percent over all
    steps, those after a divergence at chance; `steps_to_target` the first step by which the mean over
    ten steps reaches the target, absent where none does. The series p10, p50 and p90 are percentiles
    of all values before the ReLU of the middle layer.
    """
    arm = cell.arm
    data = load(str(arm["data"]), cell.device, int(arm["pool"]))  # type: ignore[arg-type]
    net = network(cell, data)
    seed_noise(net, cell.seed, last=arm.get("noise") == "last")
    every, images = int(arm["probe_every"]), data.train.images[:IMAGES]  # type: ignore[arg-type]
    how = recipe(cell)
    names = [f"{place}_{name}" for place in PLACES for name in SHIFTS]
    seen: dict[str, list[float]] = {name: [] for name in (*names, *PERCENTILES)}
    before: dict[str, list[Tensor]] = {}

    def probe(step: int, *_: Tensor) -> None:
        if before and (step - 1) % every == 0:
            now = activations(net, images)
            middle = now["normed"][len(now["normed"]) // 2].flatten()
            for name, share in PERCENTILES.items():
                seen[name].append(float(middle.quantile(share)))
            for place in PLACES:
                for name, value in shifts(before[place], now[place]).items():
                    seen[f"{place}_{name}"].append(value)
        if step % every == 0:
            before.update(activations(net, images))

    result = train(net, data.train, **how, probe=probe)
    chance = 1 / data.classes
    metrics = {
        **speed(result, how["steps"], chance, float(arm["target"])),  # type: ignore[arg-type]
        "test_images": float(len(data.test.labels)),
    }
    if result.diverged:
        metrics["test_errors"] = round(len(data.test.labels) * (1 - chance))
        metrics["test_error"] = metrics["test_errors"] / len(data.test.labels)
        return Measured(metrics=metrics, diverged=True, data=data.sha256)
    metrics["test_errors"] = errors(net, data.test)
    metrics["test_error"] = metrics["test_errors"] / len(data.test.labels)
    for name in names:
        metrics[name] = float(torch.tensor(seen[name], dtype=torch.float64).quantile(0.5))
    parts = result.accuracies.split(every)[: len(seen["p50"])]
    series = {
        "step": [float(every * (index + 1)) for index in range(len(parts))],
        "accuracy": [100 * float(part.mean()) for part in parts],
        **seen,
    }
    return Measured(metrics=metrics, series=series, data=data.sha256)


def speed(result: Run, steps: int, chance: float, target: float) -> dict[str, float]:
    """The area under the curve of training accuracies (%), their end, and the step of the target."""
    accuracies = torch.full((steps,), chance, dtype=torch.float64)
    accuracies[: len(result.accuracies)] = result.accuracies
    metrics = {"area": 100 * float(accuracies.mean())}
    metrics["train_accuracy"] = result.last(accuracies)
    window = min(WINDOW, steps)
    reached = (accuracies.unfold(0, window, 1).mean(1) >= target).nonzero()
    if len(reached):
        metrics["steps_to_target"] = float(reached[0]) + window
    return metrics


def seed_noise(net: nn.Module, seed: int, last: bool) -> None:
    """A generator of its own for each noisy normaliser; with `last` all before the last are silent."""
    noisy = each_norm(net, "generator")
    for index, layer in enumerate(noisy):
        layer.generator = generator(seed, f"noise/{index}")  # type: ignore[assignment]
    for layer in noisy[:-1] if last else []:
        for name, silent in SILENCE.items():
            setattr(layer, name, silent)


@torch.no_grad()
def activations(net: nn.Module, images: Tensor) -> dict[str, list[Tensor]]:
    """Values (units, images and space) before and behind every ReLU, in the mode the net is in.

    Buffers are left as they were.
    """
    kept = [buffer.clone() for buffer in net.buffers()]
    found: dict[str, list[Tensor]] = {place: [] for place in PLACES}

    def keep(_: nn.Module, given: tuple[Tensor], y: Tensor) -> None:
        for place, values in zip(PLACES, (*given, y), strict=True):
            found[place].append(by_unit(values))

    hooks = [m.register_forward_hook(keep) for m in net.modules() if isinstance(m, nn.ReLU)]
    try:
        net(images)
    finally:
        for hook in hooks:
            hook.remove()
    for buffer, value in zip(net.buffers(), kept, strict=True):
        buffer.copy_(value)
    return found


def shifts(before: list[Tensor], now: list[Tensor]) -> dict[str, float]:
    """The three shifts between two lists of layers, averaged over units, then layers."""
    pairs = list(zip(before, now, strict=True))
    by_layer = (
        [(b.mean(1) - a.mean(1)).abs() for a, b in pairs],
        [(b.var(1, correction=0) - a.var(1, correction=0)).abs() for a, b in pairs],
        [(b.sort(1).values - a.sort(1).values).abs() for a, b in pairs],
    )
    return {
        name: float(torch.stack([layer.mean() for layer in layers]).mean())
        for name, layers in zip(SHIFTS, by_layer, strict=True)
    }
