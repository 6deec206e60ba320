"""Hooks that see what goes into each batch norm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

import torch
from torch import Tensor, nn

from bnref.doctor.layers import Found, is_finite, moments
from bnref.doctor.observation import Call

LONGEST = 300


@dataclass
class Watched:
    """What the hooks saw of one layer: its calls, and mean, biased variance and count of each."""

    found: Found
    calls: list[Call] = field(default_factory=list)
    batches: list[tuple[Tensor, Tensor, int]] = field(default_factory=list)

    def apart(self) -> float | None:
        """How far the batch means of its calls lie apart, RMS in standard deviations."""
        if len(self.batches) < 2:
            return None
        means = torch.stack([mean for mean, _, _ in self.batches])
        width = torch.stack([var for _, var, _ in self.batches]).mean()
        apart = (means.amax(0) - means.amin(0)).square().mean()
        return float((apart / width.clamp_min(1e-30)).sqrt())

    def joined(self, unbiased: bool) -> tuple[Tensor, Tensor] | None:
        """The average of its batch means, and of its batch variances."""
        if not self.batches:
            return None
        means = [mean for mean, _, _ in self.batches]
        var = [v * n / max(n - 1, 1) if unbiased else v for _, v, n in self.batches]
        return torch.stack(means).mean(0), torch.stack(var).mean(0)

    def saw(self, module: nn.Module, inputs: Sequence[Any], named: Mapping[str, Any]) -> None:
        """A forward pre-hook."""
        x = next((one for one in (*inputs, *named.values()) if isinstance(one, Tensor)), None)
        if x is None:
            return
        batch = self.found.batch_of(x)
        values = batch[1] if batch else None
        finite = is_finite(x)
        self.calls.append(
            Call(shape=tuple(x.shape), values=values, training=module.training, finite=finite)
        )
        if batch and finite and module.training:
            self.batches.append((*moments(batch[0]), batch[1]))


@contextmanager
def watching(layers: Sequence[Found]) -> Iterator[list[Watched]]:
    """Watches the layers while it is entered."""
    watched = [Watched(found) for found in layers]
    hooks = [
        one.found.module.register_forward_pre_hook(one.saw, prepend=True, with_kwargs=True)
        for one in watched
    ]
    try:
        yield watched
    finally:
        for hook in hooks:
            hook.remove()


def floats(output: Any) -> list[Tensor]:
    """The floating tensors of a model's output: in tuples, mappings, data classes."""
    if isinstance(output, Tensor):
        return [output] if output.is_floating_point() else []
    if isinstance(output, Mapping):
        return [tensor for value in output.values() for tensor in floats(value)]
    if isinstance(output, list | tuple):
        return [tensor for value in output for tensor in floats(value)]
    if is_dataclass(output) and not isinstance(output, type):
        return [tensor for one in fields(output) for tensor in floats(getattr(output, one.name))]
    return []


def line(error: BaseException) -> str:
    """An error in one line."""
    text = " ".join(str(error).split())
    text = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
