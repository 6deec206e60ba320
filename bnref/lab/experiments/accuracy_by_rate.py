"""What one residual network reaches at several learning rates, trained on few images until it fits them.

The copies of a cell start alike, see the same batches and differ in their rate alone; each rate falls
to a tenth at half and at three quarters of the steps (He et al. 2016, section 4.2).
"""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.data import Split, load
from bnref.lab.experiments.residual_rates import errors, network
from bnref.lab.randomness import generator
from bnref.lab.residual import Network
from bnref.lab.training import batches

DROPS = (0.5, 0.75)
LOOKS = 20
"""Points of a learning curve."""
WINDOW = 20
"""Steps of the running mean of the training accuracy that has to reach TARGET."""
TARGET = 0.9


def run(cell: Cell) -> Measured:
    """Series over the rates, which are the powers of two that the arm names:

    train_error, test_error    after the last step, in evaluation mode, of the images trained on and of
                               the test images
    steps_to_target            until the training accuracy, mean of 20 batches, is 90 %; one more than
                               there are where it never is

    and by `epoch`, at twenty points, for each rate: train_accuracy_*, of the batches since the point
    before, in training mode, and validation_accuracy_*, in evaluation mode. A copy whose loss was ever
    not finite counts as wrong on all but one in `classes` images.

    Arm: that of `residual_rates`, but steps in the place of images, and powers ("-7,-5,-3")
    in that of lowest and highest.
    """
    arm = cell.arm
    data = load(str(arm["data"]), cell.device, int(arm["pool"]))  # type: ignore[arg-type]
    kept, batch_size = int(arm["train_images"]), int(arm["batch_size"])  # type: ignore[arg-type]
    few = Split(data.train.images.flatten(1)[:kept], data.train.labels[:kept])
    names = [f"{2.0 ** int(power):g}" for power in str(arm["powers"]).split(",")]
    rates = torch.tensor([float(name) for name in names], device=cell.device)
    net = network(cell, few.images.shape[1], data.classes, len(rates))
    steps = int(arm["steps"])  # type: ignore[arg-type]
    falls = [round(share * steps) for share in DROPS]
    every = max(1, steps // LOOKS)
    losses, accuracies = torch.empty(2, steps, len(rates), device=cell.device)
    epochs, train, validation = [], [], []
    order = generator(cell.seed, "order")
    net.train()
    for step, index in enumerate(batches(few, batch_size, steps, order)):
        rate = rates * 0.1 ** sum(step >= fall for fall in falls)
        losses[step], accuracies[step] = descend(net, few.images[index], few.labels[index], rate)
        if (step + 1) % every == 0:
            epochs.append((step + 1) * batch_size / kept)
            train.append(accuracies[step + 1 - every : step + 1].mean(0))
            validation.append(1 - errors(net, data.validation))
            net.train()
    finite = losses.isfinite().all(0)
    chance = 1 - 1 / data.classes
    ends = {
        name: torch.where(finite, errors(net, split), chance)
        for name, split in (("train_error", few), ("test_error", data.test))
    }
    curves = {"train_accuracy": torch.stack(train), "validation_accuracy": torch.stack(validation)}
    series = {
        "learning_rate": rates.tolist(),
        **{name: values.tolist() for name, values in ends.items()},
        "steps_to_target": [steps_to(TARGET, column) for column in accuracies.T],
        "epoch": epochs,
        **{
            f"{curve}_{name}": [round(float(value), 4) for value in values[:, place]]
            for curve, values in curves.items()
            for place, name in enumerate(names)
        },
    }
    metrics = {"steps": float(steps), "test_images": float(len(data.test.labels))}
    diverged = not bool(finite.any())
    return Measured(metrics=metrics, series=series, diverged=diverged, data=data.sha256)


def descend(net: Network, images: Tensor, labels: Tensor, rates: Tensor) -> tuple[Tensor, Tensor]:
    """A step of each copy at its rate; the losses and accuracies before it."""
    parameters = [p for p in net.parameters() if p.requires_grad]
    logits = net(images)
    found = cross_entropy(logits, labels.expand(len(rates), -1), reduction="none").mean(1)
    # The copies share no parameter, so the gradient of the sum is that of each.
    gradients = torch.autograd.grad(found.sum(), parameters)
    with torch.no_grad():
        for p, gradient in zip(parameters, gradients, strict=True):
            p.sub_(rates.view(-1, 1, 1) * gradient)
    return found.detach(), (logits.detach().max(1).indices == labels).float().mean(1)


def steps_to(target: float, accuracies: Tensor) -> float:
    """Steps until the mean of the last WINDOW accuracies is at least the target; one more if never."""
    windows = accuracies.unfold(0, min(WINDOW, len(accuracies)), 1).mean(1)
    reached = (windows >= target).nonzero()
    first = int(reached[0]) + min(WINDOW, len(accuracies)) if len(reached) else len(accuracies) + 1
    return float(first)
