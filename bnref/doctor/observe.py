"""A model observed: the step, the modes, and what it says about itself, as one record."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from bnref.doctor.kept import kept
from bnref.doctor.layers import averaged_in, found_in
from bnref.doctor.modes import broadcast, compare
from bnref.doctor.observation import Observation
from bnref.doctor.step import StepError, before, train
from bnref.doctor.watch import floats

Step = Callable[[nn.Module], Any]
Batch = tuple[Tensor, ...]
SEED = 0


def observe(model: nn.Module, batch: Batch | Step, own: bool) -> Observation:
    """Everything that a diagnosis may ask; the model is left as it was. Raises StepError."""

    def run() -> list[Tensor]:
        torch.manual_seed(SEED)
        if isinstance(batch, tuple):
            return floats(model(*(tensor.clone() for tensor in batch)))
        loss = batch(model)
        if not isinstance(loss, Tensor) or loss.numel() != 1:
            raise StepError("step(model) must return the loss, and leave backward to the doctor")
        return [loss]

    with kept(model) as restore, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        layers = found_in(model)
        facts = [before(found, model) for found in layers]
        built_training, averaged = model.training, averaged_in(model)
        stepped = train(model, run, facts)
        seen = Observation(
            layers=tuple(stepped.layers),
            averaged=averaged,
            built_training=built_training,
            distributed=dist.is_available() and dist.is_initialized(),
            stopped=stepped.stopped,
            forwards=stepped.forwards,
        )
        if stepped.stopped:
            return replace(seen, not_looked_at=("all that needs a whole step: it stopped",))
        restore()
        broken = ""
        if stepped.forwards > 1 and stepped.went_back:
            broken = broadcast(model, run)
            restore()
        moved = {one.name for one in stepped.layers if one.moved}
        moving = [found for found in layers if found.name in moved]
        modes = compare(model, run, moving, restore, own)
        shifts = modes.dropout_shifts
        back = () if stepped.went_back else ("the backward pass: no output carries a gradient",)
        return replace(
            seen,
            layers=tuple(replace(one, dropout_shift=shifts.get(one.name)) for one in seen.layers),
            broadcast=broken,
            evaluates=modes.evaluates,
            calibrated_gap=modes.calibrated_gap,
            loaded_gap=modes.loaded_gap,
            not_looked_at=(*back, *modes.not_looked_at),
        )
