"""The one training loop, and evaluation."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from bnref.lab.augmentation import batches_of
from bnref.lab.data import Split
from bnref.lab.graphs import replayed
from bnref.lab.nets import each_norm
from bnref.lab.pictures import Pictures
from bnref.lab.randomness import generator

DIVERGED_LOSS = 1e3
"""A run with a cross-entropy above this, or not finite, has diverged (Bjorck et al. 2018)."""
CHECK_EVERY = 20
"""Steps between two looks at the loss: looking waits for the device."""


@dataclass(frozen=True)
class Run:
    """Loss and accuracy of every training batch, in the mode that trains; whether it diverged."""

    losses: Tensor
    accuracies: Tensor
    diverged: bool

    def last(self, series: Tensor, share: float = 0.1) -> float:
        """Mean over the last share of the steps taken."""
        return float(series[-max(1, math.ceil(len(series) * share)) :].mean())


def batches(split: Split, batch_size: int, steps: int, order: torch.Generator) -> Iterator[Tensor]:
    """Indices of `steps` batches: a new permutation each epoch, its last odd images left out.

    They are where the images are: on the device, or on the host for images on disk.
    """
    taken = 0
    count = len(split.labels)
    if batch_size > count:
        raise ValueError(f"batch_size {batch_size} exceeds the {count} training images")
    while True:
        permutation = torch.randperm(count, generator=order)
        if not isinstance(split.images, Pictures):  # those the host reads, which must not wait
            permutation = permutation.to(split.labels.device, non_blocking=True)
        for start in range(0, count - batch_size + 1, batch_size):
            if taken == steps:
                return
            taken += 1
            yield permutation[start : start + batch_size]


def train(
    net: nn.Module,
    split: Split,
    *,
    learning_rate: float,
    batch_size: int,
    steps: int,
    seed: int,
    sgd_momentum: float = 0.0,
    weight_decay: float = 0.0,
    drops: tuple[float, ...] = (),
    fall: float = 10.0,
    order: str = "order",
    augment: str | None = None,
    worst_loss: float = DIVERGED_LOSS,
    probe: Callable[[int, Tensor, Tensor], None] | None = None,
) -> Run:
    """Minimise the cross-entropy by SGD for `steps` batches, stopping where it exceeds `worst_loss`.

    `probe(step, images, labels)` sees each batch before its step and must leave the net as it was.
    `weight_decay` times every parameter is added to its gradient. The rate is divided by `fall` after
    each of the shares of the steps in `drops`. The order of the batches depends on (seed, order)
    alone. `augment` is as in `batches_of`.
    """
    device = split.labels.device
    # A replayed step reads its rate from the device, and a plain one must have the same bits.
    on_cpu = device.type == "cpu"
    rate = learning_rate if on_cpu else torch.full((), learning_rate, device=device)
    trained: list[Tensor] = [p for p in net.parameters() if p.requires_grad]
    momenta = [torch.zeros_like(p) for p in trained] if sgd_momentum else []
    falls = {round(share * steps) for share in drops}
    losses = torch.full((steps,), math.nan, device=device)
    accuracies = torch.full_like(losses, math.nan)
    net.train()

    def plain(images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        logits = net(images)
        loss = _loss(logits, labels)
        gradients = torch.autograd.grad(loss, trained)
        # What torch.optim.SGD(fused=True) calls, without its bookkeeping: a tenth of a small net's step.
        with torch.no_grad():
            torch._fused_sgd_(
                trained,
                gradients,
                momenta,
                weight_decay=weight_decay,
                momentum=sgd_momentum,
                lr=rate,
                dampening=0.0,
                nesterov=False,
                maximize=False,
                is_first_step=False,
            )
        return loss.detach(), (logits.detach().argmax(1) == labels).float().mean()

    take = replayed(plain, net, momenta)
    indices = batches(split, batch_size, steps, generator(seed, order))
    for step, (images, labels) in enumerate(batches_of(split, indices, augment, seed)):
        if step in falls:
            rate /= fall
        if probe is not None:
            probe(step, images, labels)
        losses[step], accuracies[step] = take(images, labels)
        if (step + 1) % CHECK_EVERY == 0 or step + 1 == steps:
            seen = ended(losses[: step + 1], accuracies[: step + 1], worst_loss)
            if seen.diverged:
                return seen
    return Run(losses, accuracies, diverged=False)


def _loss(logits: Tensor, labels: Tensor) -> Tensor:
    """The mean cross-entropy of logits (N, classes) or (N, classes, L)."""
    if logits.dim() == 2 or logits.device.type == "cpu":
        return cross_entropy(logits, labels)
    # On a GPU torch's own mean over (N, classes, L) has no deterministic kernel.
    return cross_entropy(logits, labels, reduction="none").mean()


def ended(losses: Tensor, accuracies: Tensor, worst_loss: float = DIVERGED_LOSS) -> Run:
    """The run up to its first loss that is not finite or above `worst_loss`, where it diverged."""
    bad = ~(losses <= worst_loss)
    if not bad.any():
        return Run(losses, accuracies, diverged=False)
    end = int(bad.nonzero()[0])
    return Run(losses[:end], accuracies[:end], diverged=True)


@torch.no_grad()
def errors(net: nn.Module, split: Split, batch_size: int = 500) -> int:
    """How many images of the split the net gets wrong in evaluation mode; the mode is restored."""
    training = net.training
    net.eval()
    try:
        wrong = torch.zeros((), dtype=torch.long, device=split.labels.device)
        for images, labels in zip(
            split.images.split(batch_size), split.labels.split(batch_size), strict=True
        ):
            wrong += (net(images).argmax(1) != labels).sum()
        return int(wrong)
    finally:
        net.train(training)


@torch.no_grad()
def reestimate(net: nn.Module, images: Tensor, batch_size: int) -> bool:
    """Replace running statistics by averages over batches of `images`, all layers at once.

    running_mean becomes the mean of the batch means, running_var the mean of the unbiased batch
    variances ("precise" batch norm, Wu & Johnson 2021, section 3). False where no layer of the net
    keeps statistics with torch's buffers and `momentum`.
    """
    layers = [m for m in each_norm(net, "running_mean") if hasattr(m, "momentum")]
    if not layers:
        return False
    kept = [(layer.momentum, net.training) for layer in layers]
    try:
        for layer in layers:
            layer.running_mean.zero_()  # type: ignore[operator]
            layer.running_var.fill_(1)  # type: ignore[operator]
            layer.num_batches_tracked.zero_()  # type: ignore[operator]
            layer.momentum = None  # type: ignore[assignment]
        net.train()
        for batch in images.split(batch_size):
            if len(batch) == batch_size:
                net(batch)
    finally:
        for layer, (momentum, training) in zip(layers, kept, strict=True):
            layer.momentum = momentum
            net.train(training)
    return True
