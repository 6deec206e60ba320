"""Training against evaluation: the same batch and random numbers, only batch norms switched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn.modules.dropout import _DropoutNd

from bnref.doctor.layers import Found, is_finite
from bnref.doctor.step import Run, StepError, backward
from bnref.doctor.watch import Watched, line, watching

FEWEST = 16
REPEATS = 1e-3


@dataclass
class Modes:
    """What came out; None or "" where it was not seen, or where there is nothing to see."""

    evaluates: str = ""
    calibrated_gap: float | None = None
    loaded_gap: float | None = None
    dropout_shifts: dict[str, float] = field(default_factory=dict)
    not_looked_at: list[str] = field(default_factory=list)


def compare(
    model: nn.Module, run: Run, layers: list[Found], restore: Callable[[], None], own: bool
) -> Modes:
    """Runs the model in each mode; `restore` puts it back between them. `layers` are those that moved."""
    seen = Modes()
    with torch.no_grad():
        try:
            if why := _not_comparable(model, run, restore):
                seen.not_looked_at.append(f"evaluation against training: {why}")
                return seen
            seen.evaluates = _evaluation(model, run)
            restore()
            _gaps(model, run, layers, restore, own, seen)
            restore()
            _dropout(model, run, layers, restore, seen)
        except Exception as error:  # what a model cannot do in another mode is no fault of the step
            seen.not_looked_at.append(f"evaluation against training: {line(error)}")
    return seen


def broadcast(model: nn.Module, run: Run) -> str:
    """The error of a backward pass when every forward first writes the buffers in place, or ""."""

    def write(*_: object) -> None:
        with torch.no_grad():
            for buffer in model.buffers():
                buffer.copy_(buffer.clone())

    model.train()
    hook = model.register_forward_pre_hook(write)
    try:
        backward(run())
    except StepError as error:
        return str(error).partition(": ")[2].partition(". Hint")[0]
    finally:
        hook.remove()
    return ""


def _not_comparable(model: nn.Module, run: Run, restore: Callable[[], None]) -> str:
    """Why outputs of two runs cannot be compared, "" where they can."""
    model.train()
    first = run()
    restore()
    model.train()
    gap = _apart(run(), first)
    restore()
    if not is_finite(*first):
        return "the output of training is not finite"
    return "" if gap is not None and gap < REPEATS else "the step differs from run to run"


def _evaluation(model: nn.Module, run: Run) -> str:
    """What is not finite in evaluation."""
    model.eval()
    outputs = run()
    if is_finite(*outputs):
        return ""
    bad = sum(int((~torch.isfinite(y)).sum()) for y in outputs)
    size = sum(y.numel() for y in outputs)
    return f"{bad} of {size} outputs of evaluation are NaN or infinite, those of training are not"


def _gaps(
    model: nn.Module,
    run: Run,
    layers: list[Found],
    restore: Callable[[], None],
    own: bool,
    seen: Modes,
) -> None:
    """The gap with the statistics as loaded, and with those of this batch."""
    untrained = any(one.at_start for one in layers)  # every model has a gap before its training
    model.train()
    with watching(layers) as watched:
        trained = run()
    if not any(one.batches for one in watched):
        return

    def again(statistics: bool, evaluating: bool) -> list[Tensor]:
        restore()
        model.train()
        for one in watched if statistics else ():
            _calibrate(one)
        for one in watched if evaluating else ():
            one.found.module.eval()
        return run()

    if own and not untrained:
        seen.loaded_gap = _apart(again(False, True), trained)
    seen.calibrated_gap = _apart(again(True, True), again(True, False))


def _calibrate(one: Watched) -> None:
    """Sets the statistics of a layer to those of the batches that it saw.

    The variance is the biased one, by which training normalises: a deep net of sound layers would
    else evaluate far from its training, by m / (m - 1) in every layer.
    """
    both, joined = one.found.statistics, one.joined(unbiased=False)
    for tensor, value in zip(both or (), joined or (), strict=False):
        tensor.copy_(value.reshape(tensor.shape))


def _apart(found: list[Tensor], expected: list[Tensor]) -> float | None:
    """|found - expected| / |expected|, all outputs together."""
    if [y.shape for y in found] != [y.shape for y in expected]:
        return None
    pairs = zip(found, expected, strict=True)
    difference = sum(float((a.double() - b.double()).square().sum()) for a, b in pairs)
    size = sum(float(b.double().square().sum()) for b in expected)
    gap = (difference / size) ** 0.5 if size else 0.0
    return gap if gap < float("inf") else None


def _dropout(
    model: nn.Module, run: Run, layers: list[Found], restore: Callable[[], None], seen: Modes
) -> None:
    """How much dropout widens what each layer sees in training."""
    dropouts = [one for one in model.modules() if isinstance(one, _DropoutNd) and one.p > 0]
    if not dropouts:
        return
    model.train()
    with watching(layers) as with_dropout:
        run()
    restore()
    model.train()
    for one in dropouts:
        one.eval()
    with watching(layers) as without:
        run()
    for wide, narrow in zip(with_dropout, without, strict=True):
        both = wide.joined(unbiased=True), narrow.joined(unbiased=True)
        if both[0] is None or both[1] is None or min(b[2] for b in wide.batches) < FEWEST:
            continue
        ratios = both[0][1] / both[1][1].clamp_min(1e-30)
        seen.dropout_shifts[wide.found.name] = float(ratios.median())
