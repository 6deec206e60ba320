"""Training of several networks of one shape at once: as a stack where there is one, else in turn."""

import math
from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor, nn

from bnref.lab.data import Split
from bnref.lab.randomness import generator
from bnref.lab.stack import (
    backward,
    can_stack,
    cross_entropy,
    forward,
    parameters,
    stacked,
    unstacked,
)
from bnref.lab.training import DIVERGED_LOSS, Run, batches, ended, train


def train_together(
    nets: Sequence[nn.Sequential],
    split: Split,
    *,
    learning_rate: float,
    batch_size: int,
    steps: int,
    seeds: Sequence[int],
    look_every: int,
    look: Callable[[int], None],
) -> list[Run]:
    """`train` for nets of one shape, each on the batches of its own seed; the nets end trained.

    Nets that a stack can hold take each step as one: the same numbers up to rounding. Others are
    trained one after another. `look(number)` comes after every `look_every` steps, when that net
    holds its parameters of the moment; a net that diverged meanwhile may or may not be looked at.
    """
    if not can_stack(nets[0]):
        return [
            _train_and_look(
                net, split, learning_rate, batch_size, steps, seed, look_every, partial(look, n)
            )
            for n, (net, seed) in enumerate(zip(nets, seeds, strict=True))
        ]
    stack = stacked(nets)
    trained = parameters(stack)
    images = split.images.flatten(1)
    orders = [batches(split, batch_size, steps, generator(seed, "order")) for seed in seeds]
    losses = torch.full((steps, len(nets)), math.nan, device=images.device)
    accuracies = torch.full_like(losses, math.nan)
    for step, indices in enumerate(zip(*orders, strict=True)):
        index = torch.stack(indices)
        labels = split.labels[index]
        logits, kept = forward(stack, images[index].transpose(1, 2))
        losses[step], dlogits = cross_entropy(logits, labels)
        accuracies[step] = (logits.max(1).indices == labels).float().mean(1)
        torch._foreach_add_(trained, backward(stack, kept, dlogits), alpha=-learning_rate)
        if (step + 1) % look_every == 0 or step + 1 == steps:
            unstacked(stack, nets)
            if not (losses[step] <= DIVERGED_LOSS).any():
                break
            for number in range(len(nets) if (step + 1) % look_every == 0 else 0):
                look(number)
    return [ended(losses[:, n], accuracies[:, n]) for n in range(len(nets))]


def _train_and_look(
    net: nn.Module,
    split: Split,
    learning_rate: float,
    batch_size: int,
    steps: int,
    seed: int,
    look_every: int,
    look: Callable[[], None],
) -> Run:
    def probe(step: int, images: Tensor, labels: Tensor) -> None:
        if step and step % look_every == 0:
            look()

    run = train(
        net,
        split,
        learning_rate=learning_rate,
        batch_size=batch_size,
        steps=steps,
        seed=seed,
        probe=probe,
    )
    if steps % look_every == 0 and not run.diverged:
        look()
    return run
