"""Running statistics estimated again over given data ("precise" batch norm), by two formulas.

    total variance       mean = sum n_b mean_b / n      var = sum n_b (var_b + (mean_b - mean)^2) / n
    mean of variances    the batches' means and unbiased variances, averaged with equal weights

n_b values per channel in batch b, n in all, var_b biased. The first is the variance of all values
together, however they were divided; the second leaves out how far the batches' means lie apart.

Source: Wu & Johnson 2021, section 3; the second as the authors' code first had it, and Ioffe &
Szegedy 2015, algorithm 2, step 10.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal

import torch
from torch import Tensor, nn

from bnref.norms.frozen_batch_norm import FrozenBatchNorm


@torch.no_grad()
def reestimate(
    model: nn.Module,
    batches: Iterable[Any],
    formula: Literal["total variance", "mean of variances"] = "total variance",
) -> None:
    """Sets running_mean and running_var of every batch norm of the model, in place.

    A batch norm is any module with both buffers, frozen ones excepted; what they are is taken from
    the inputs (N, C, ...) that each sees, in float64, while all of them normalise by their batch and
    the rest of the model (dropout) evaluates. All layers are estimated in one pass of
    `model(batch)`. Nothing else changes: modes, hooks, all other buffers and the optimiser's view of
    the parameters are as before, and the whole model is if anything fails on the way.

    Raises ValueError for an unknown formula, a model without such layers, no batch, a layer that saw
    none, or statistics that are not finite; and whatever the model itself raises.
    """
    if formula not in _FORMULAS:
        raise ValueError(f"unknown formula {formula!r}: one of {', '.join(_FORMULAS)}")
    layers = {name: layer for name, layer in model.named_modules() if _keeps_statistics(layer)}
    if not layers:
        raise ValueError("expected a model with running statistics to estimate, found none")
    seen: dict[str, list[Moments]] = {name: [] for name in layers}
    buffers = [(buffer, buffer.clone()) for buffer in model.buffers()]
    modes = [(module, module.training) for module in model.modules()]
    hooks = [
        layer.register_forward_pre_hook(_observer(seen[name])) for name, layer in layers.items()
    ]
    try:
        model.eval()
        for layer in layers.values():
            layer.train()
        for batch in batches:
            model(batch)
        found = {name: _population(name, seen[name], formula) for name in layers}
    finally:
        for hook in hooks:
            hook.remove()
        for module, training in modes:
            module.training = training
        for buffer, before in buffers:
            buffer.copy_(before)
    for name, layer in layers.items():
        for buffer, value in zip((layer.running_mean, layer.running_var), found[name], strict=True):
            assert isinstance(buffer, Tensor)
            buffer.copy_(value)


Moments = tuple[int, Tensor, Tensor]
"""How many values per channel a batch has, their mean and their biased variance (C,)."""


def total_variance(batches: list[Moments]) -> tuple[Tensor, Tensor]:
    """Mean and biased variance of all values, from centred sums: E[x^2] - E[x]^2 would cancel."""
    count, mean, var = batches[0]
    for n, batch_mean, batch_var in batches[1:]:
        share = n / (count + n)
        apart = batch_mean - mean
        mean = mean + share * apart
        var = (1 - share) * var + share * batch_var + share * (1 - share) * apart * apart
        count += n
    return mean, var


def mean_of_variances(batches: list[Moments]) -> tuple[Tensor, Tensor]:
    """The batches' means and unbiased variances, averaged; a batch of one value has no variance."""
    means = torch.stack([mean for _, mean, _ in batches])
    unbiased = torch.stack([var * n / (n - 1) for n, _, var in batches])
    return means.mean(0), unbiased.mean(0)


_FORMULAS: dict[str, Callable[[list[Moments]], tuple[Tensor, Tensor]]] = {
    "total variance": total_variance,
    "mean of variances": mean_of_variances,
}


def _keeps_statistics(module: nn.Module) -> bool:
    kept = (getattr(module, name, None) for name in ("running_mean", "running_var"))
    return all(isinstance(b, Tensor) for b in kept) and not isinstance(module, FrozenBatchNorm)


def _observer(seen: list[Moments]) -> Callable[[nn.Module, tuple[Any, ...]], None]:
    """A hook that keeps the moments of what a layer is given."""

    def observe(layer: nn.Module, arguments: tuple[Any, ...]) -> None:
        x: Tensor = arguments[0].detach().double()
        axes = (0, *range(2, x.dim()))
        var, mean = torch.var_mean(x, axes, correction=0)
        seen.append((x.numel() // max(x.shape[1], 1), mean, var))

    return observe


def _population(name: str, seen: list[Moments], formula: str) -> tuple[Tensor, Tensor]:
    if not seen:
        raise ValueError(f"{name or 'the model'} saw no batch: nothing to estimate from")
    mean, var = _FORMULAS[formula](seen)
    if not (mean.isfinite().all() and var.isfinite().all()):
        raise ValueError(f"{name or 'the model'}: its inputs have no finite mean and variance")
    return mean, var
