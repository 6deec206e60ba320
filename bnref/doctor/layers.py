"""Which modules are batch norms, and where they keep their statistics."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.instancenorm import _InstanceNorm
from torch.optim.swa_utils import AveragedModel

from bnref.doctor.observation import Averaged
from bnref.norms.batch_norm import BatchNorm
from bnref.norms.sync_batch_norm import SyncBatchNorm

NAMES = (("running_mean", "running_var"), ("moving_mean", "moving_var"))


@dataclass(frozen=True)
class Found:
    """A batch norm in a model, and the names of its statistics."""

    name: str
    module: nn.Module
    names: tuple[str, str]

    @property
    def statistics(self) -> tuple[Tensor, Tensor] | None:
        """Running mean and variance as they are now, None where it keeps none."""
        mean, var = (getattr(self.module, name, None) for name in self.names)
        return (mean, var) if isinstance(mean, Tensor) and isinstance(var, Tensor) else None

    @property
    def is_torch(self) -> bool:
        """Whether momentum surely means the weight of the new batch."""
        return isinstance(self.module, _BatchNorm | BatchNorm)

    @property
    def is_sync(self) -> bool:
        """Whether it joins the batches of several ranks."""
        return isinstance(self.module, nn.SyncBatchNorm | SyncBatchNorm)

    @property
    def at_start(self) -> bool:
        """Whether its statistics are 0 and 1, those of no batch."""
        both = self.statistics
        return both is not None and bool((both[0] == 0).all() and (both[1] == 1).all())

    def batch_of(self, x: Tensor) -> tuple[Tensor, int] | None:
        """Input as (values, channels) in float64, and values per channel; None for another layout."""
        both = self.statistics
        channels = both[0].numel() if both else x.shape[1] if x.dim() > 1 else 0
        axes = [axis for axis in (1, x.dim() - 1) if x.dim() > 1 and x.shape[axis] == channels]
        if not axes or not x.is_floating_point():
            return None
        values = x.detach().movedim(axes[0], -1).reshape(-1, channels).double()
        return values, len(values)


def found_in(model: nn.Module) -> list[Found]:
    """Every batch norm of the model, but not those of an averaged copy that it holds."""
    copies = [name for name, _ in _averaged_models(model) if name]
    return [
        found
        for found in _all(model)
        if not any(found.name.startswith(f"{copy}.") for copy in copies)
    ]


def averaged_in(model: nn.Module) -> tuple[Averaged, ...]:
    """The averaged copies that leave out buffers."""
    return tuple(
        Averaged(
            name=name,
            steps=int(module.n_averaged),
            layers=sum(found.statistics is not None for found in _all(module)),
            at_start=sum(found.at_start for found in _all(module)),
        )
        for name, module in _averaged_models(model)
        if not module.use_buffers
    )


def _averaged_models(model: nn.Module) -> Iterator[tuple[str, AveragedModel]]:
    for name, module in model.named_modules():
        if isinstance(module, AveragedModel):
            yield name, module


def _all(model: nn.Module) -> Iterator[Found]:
    for name, module in model.named_modules():
        if isinstance(module, _InstanceNorm):
            continue
        if isinstance(module, _BatchNorm | BatchNorm):
            yield Found(name or "(the model)", module, NAMES[0])
            continue
        for names in NAMES:
            found = Found(name or "(the model)", module, names)
            if found.statistics is not None:
                yield found
                break


def moments(values: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and biased variance (C,) of values (m, C)."""
    return values.mean(0), values.var(0, correction=0)


def is_finite(*tensors: Tensor) -> bool:
    """Whether no tensor holds NaN or infinity."""
    return all(bool(torch.isfinite(tensor).all()) for tensor in tensors)
