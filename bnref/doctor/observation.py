"""What was seen of a model in one dry training step, as plain data: all that a diagnosis knows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of a layer in the forward pass. `values` is how many each channel had, None unknown."""

    shape: tuple[int, ...]
    values: int | None
    training: bool = True
    finite: bool = True


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One batch norm. What is not said to be after the step was so when the model came.

    `momentum` is None both where it is None and where there is none.
    `trained` is evidence that the layer has been trained, "" where there is none.
    `missing` are its statistics that are not in the state dict, and `why_missing` says how so.
    `change` is how far one step moved running_mean, RMS in standard deviations (sqrt running_var).
    `weight` is the weight that the statistics gave to the new batch, None where not measured.
    `apart` is how far the batch means of its calls lie apart, RMS in standard deviations.
    `dropout_shift` is the variance of its input with dropout over that without.
    """

    name: str
    kind: str = "BatchNorm2d"
    is_torch: bool = True
    is_sync: bool = False
    momentum: float | None = 0.1
    tracks: bool = True
    dtype: str = "float32"
    built_training: bool = True
    parameters_frozen: bool = False
    missing: tuple[str, ...] = ()
    why_missing: str = ""
    at_start: bool = True
    batches_tracked: int | None = 0
    trained: str = ""
    finite: bool = True
    least_variance: float | None = 1.0
    # after model.train() and the step
    training: bool = True
    calls: tuple[Call, ...] = ()
    moved: bool = True
    moved_in_backward: bool = False
    finite_after: bool = True
    replaced: bool = False
    change: float = 0.0
    weight: float | None = None
    apart: float | None = None
    dropout_shift: float | None = None

    @property
    def values(self) -> int | None:
        """The fewest values per channel in a training call."""
        known = [c.values for c in self.calls if c.training and c.values is not None]
        return min(known, default=None)


@dataclass(frozen=True, kw_only=True)
class Averaged:
    """An AveragedModel that does not average buffers, and how many batch norms it holds."""

    name: str
    steps: int
    layers: int
    at_start: int


@dataclass(frozen=True, kw_only=True)
class Observation:
    """The model and its dry step.

    `stopped` is the error that ended the step at a layer with one value per channel, else "".
    `forwards` counts calls of the whole model before the backward pass; `broadcast` is the error
    of that backward pass when buffers are written in place before each forward, as DDP does.
    `gap` is |evaluation - training| / |training| of the output where only the batch norms evaluate:
    `calibrated` with statistics of this very batch, `loaded` with those that the model came with.
    `not_looked_at` says what could not be observed, and why.
    """

    layers: tuple[Layer, ...]
    averaged: tuple[Averaged, ...] = ()
    built_training: bool = True
    distributed: bool = False
    stopped: str = ""
    forwards: int = 1
    broadcast: str = ""
    evaluates: str = ""
    calibrated_gap: float | None = None
    loaded_gap: float | None = None
    not_looked_at: tuple[str, ...] = ()
