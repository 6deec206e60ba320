"""What a batch's gradient is on average, and how far it scatters (Bjorck et al. 2018, section 2.1).

Without batch norm a batch's gradient is that of all images plus noise. With it the loss of an image
depends on the batch it is in, and the average over batches is the gradient of another function.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.data import Split, load
from bnref.lab.deep_residual import network, recipe
from bnref.lab.experiments.deep_start import slope
from bnref.lab.randomness import generator
from bnref.lab.training import train


def run(cell: Cell) -> Measured:
    """Slopes of the logarithms of noise and bias on that of the batch size b, after some training.

    With g_b the gradient of a random batch drawn with replacement from N images, in training mode, and
    g that of all N in one batch:  noise(b) = E|g_b - E g_b|^2,  bias(b) = |E g_b - g|^2, both relative
    to |g|^2 in the series. E g_b is a mean over `repeats` batches, twice; the bias is the product of
    the errors of the two, so that noise does not add to it. Metrics: noise_slope and bias_slope,
    over all sizes (none where the product is not positive at some size), and `bias`, the root at the
    smallest size.

    Arm: those of `deep_residual`'s network and recipe, and data, pool, learning_rate, steps,
    train_images (N), sizes (in factors of two: "8,16,32"), repeats.
    """
    arm = cell.arm
    data = load(str(arm["data"]), cell.device, int(arm["pool"]))  # type: ignore[arg-type]
    kept, repeats = int(arm["train_images"]), int(arm["repeats"])  # type: ignore[arg-type]
    images = Split(data.train.images[:kept], data.train.labels[:kept])
    net = network(cell, data)
    steps, rate = int(arm["steps"]), float(arm["learning_rate"])  # type: ignore[arg-type]
    result = train(net, images, learning_rate=rate, steps=steps, **recipe(cell))
    if result.diverged:
        return Measured(metrics={}, diverged=True, data=data.sha256)
    whole = gradient(net, images, torch.arange(kept))
    size = float(whole.square().sum())
    sizes = [int(b) for b in str(arm["sizes"]).split(",")]
    draw = generator(cell.seed, "batches of gradients")
    noise, bias = [], []
    for b in sizes:
        chosen = torch.randint(kept, (2, repeats, b), generator=draw)
        first, second = (mean_and_noise(net, images, half) for half in chosen)
        noise.append((first[1] + second[1]) / 2 / size)
        bias.append(float((first[0] - whole) @ (second[0] - whole)) / size)
    metrics = {
        "train_accuracy": result.last(result.accuracies),
        "noise_slope": log_slope(noise),
        "bias": max(bias[0], 0.0) ** 0.5,
    }
    if min(bias) > 0:
        metrics["bias_slope"] = log_slope(bias)
    series = {"batch_size": [float(b) for b in sizes], "noise": noise, "bias": bias}
    return Measured(metrics=metrics, series=series, data=data.sha256)


def gradient(net: nn.Module, split: Split, index: Tensor) -> Tensor:
    """The gradient by all parameters, as one vector, of the loss on these images as one batch."""
    index = index.to(split.labels.device)
    loss = cross_entropy(net(split.images[index]), split.labels[index])
    return torch.cat([g.flatten() for g in torch.autograd.grad(loss, list(net.parameters()))])


def mean_and_noise(net: nn.Module, split: Split, batches: Tensor) -> tuple[Tensor, float]:
    """Of the batches' gradients the mean, and the mean square distance from it, without bias."""
    total = square = torch.zeros((), device=split.labels.device)
    for index in batches:
        g = gradient(net, split, index)
        total, square = total + g, square + g.square().sum()
    mean, count = total / len(batches), len(batches)
    return mean, float((square - count * mean.square().sum()) / (count - 1))


def log_slope(values: list[float]) -> float:
    """Least-squares slope of log2(values) on log2 of the sizes, which are in factors of two."""
    return slope(torch.tensor(values, dtype=torch.float64).log2())
