"""One dry training step: forward, backward, and what moved in which."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from bnref.doctor.layers import Found, is_finite
from bnref.doctor.observation import Layer
from bnref.doctor.watch import Watched, line, watching

Run = Callable[[], list[Tensor]]
"""Runs the model's forward pass, always with the same random numbers: its floating outputs."""


class StepError(RuntimeError):
    """The model could not be run; the message is one line."""


@dataclass
class Before:
    """A layer as it came: what can be said at once, and copies of its statistics."""

    found: Found
    said: dict[str, Any]
    statistics: tuple[Tensor, Tensor] | None
    objects: tuple[int, ...]


@dataclass
class Stepped:
    """What a dry step was like. `stopped` is the error at a layer with one value per channel."""

    layers: list[Layer] = field(default_factory=list)
    stopped: str = ""
    forwards: int = 0
    went_back: bool = False


def before(found: Found, model: nn.Module) -> Before:
    """Looks at a layer before anything is run."""
    module, both = found.module, found.statistics
    weight, bias = (getattr(module, name, None) for name in ("weight", "bias"))
    parameters = [one for one in (weight, bias) if isinstance(one, nn.Parameter)]
    momentum = getattr(module, "momentum", None)
    tracked = getattr(module, "num_batches_tracked", None)
    missing = _missing(found, model)
    said = {
        "name": found.name,
        "kind": type(module).__name__,
        "is_torch": found.is_torch,
        "is_sync": found.is_sync,
        "momentum": float(momentum) if isinstance(momentum, int | float) else None,
        "tracks": both is not None,
        "built_training": module.training,
        "parameters_frozen": bool(parameters) and not any(p.requires_grad for p in parameters),
        "missing": missing,
        "why_missing": _why(module, missing),
        "at_start": found.at_start,
        "batches_tracked": int(tracked) if isinstance(tracked, Tensor) else None,
        "trained": _trained(bias),
    }
    if both is None:
        return Before(found, said | {"moved": False}, None, ())
    said["dtype"] = str(both[1].dtype).removeprefix("torch.")
    said["finite"] = is_finite(*both)
    said["least_variance"] = float(both[1].min()) if both[1].numel() else None
    return Before(found, said, _copies(found), _objects(found))


def train(model: nn.Module, run: Run, layers: list[Before]) -> Stepped:
    """model.train(), one forward, one backward of random cotangents; raises StepError."""
    for parameter in model.parameters():
        parameter.grad = None
    model.train()
    done = Stepped()
    forwards: list[None] = []
    counter = model.register_forward_pre_hook(lambda *_: forwards.append(None))
    try:
        with watching([one.found for one in layers]) as watched:
            outputs = _forward(run, watched, done)
            done.forwards = len(forwards)
            calls = [len(one.calls) for one in watched]
            middle = [_copies(one.found) for one in layers]
            if outputs is not None:
                done.went_back = backward(outputs)
    finally:
        counter.remove()
    for one, number, saw, mid in zip(layers, calls, watched, middle, strict=True):
        del saw.calls[number:]  # those of the backward pass are recomputations
        del saw.batches[number:]
        done.layers.append(_layer(one, saw, mid))
    return done


def _forward(run: Run, watched: list[Watched], done: Stepped) -> list[Tensor] | None:
    try:
        outputs = run()
    except StepError:
        raise
    except Exception as error:  # the model is the user's, and may raise anything
        last = [one.calls[-1] for one in watched if one.calls]
        if not any(call.values == 1 and call.training for call in last):
            raise StepError(f"the model raised in training mode: {line(error)}") from error
        done.stopped = line(error)
        return None
    if not outputs:
        raise StepError("the model returned no floating tensor in training mode")
    return outputs


def backward(outputs: list[Tensor]) -> bool:
    """Backward of fixed random cotangents; False where no output carries a gradient."""
    generator = torch.Generator().manual_seed(1)
    live = [y for y in outputs if y.requires_grad]
    cotangents = [torch.randn(y.shape, generator=generator).to(y.dtype) / y.numel() for y in live]
    if not live:
        return False
    try:
        torch.autograd.backward(live, cotangents)
    except Exception as error:
        raise StepError(f"the backward pass raised: {line(error)}") from error
    return True


def _layer(one: Before, saw: Watched, middle: tuple[Tensor, Tensor] | None) -> Layer:
    after = _copies(one.found)
    said = one.said | {
        "training": one.found.module.training,
        "calls": tuple(saw.calls),
        "apart": saw.apart(),
    }
    start = one.statistics
    if start is None or middle is None or after is None:
        return Layer(**said)
    return Layer(
        **said,
        moved=not _same(start, middle),
        moved_in_backward=not _same(middle, after),
        finite_after=is_finite(*after),
        replaced=_objects(one.found) != one.objects,
        change=float(
            ((middle[0] - start[0]).square() / start[1].abs().clamp_min(1e-30)).mean().sqrt()
        ),
        weight=_weight(start, middle, saw),
    )


def _weight(start: tuple[Tensor, Tensor], end: tuple[Tensor, Tensor], saw: Watched) -> float | None:
    """The weight w of the new batch in end = (1 - w) start + w batch, by least squares."""
    batch = saw.joined(unbiased=True)
    if batch is None or len(saw.batches) != 1 or not is_finite(*start, *end):
        return None
    way = torch.cat(batch) - torch.cat(start)
    moved = torch.cat(end) - torch.cat(start)
    length = float(way @ way)
    return float(moved @ way) / length if length > 1e-12 else None


def _copies(found: Found) -> tuple[Tensor, Tensor] | None:
    both = found.statistics
    if both is None:
        return None
    mean, var = (tensor.detach().double().flatten().clone() for tensor in both)
    return mean, var


def _same(a: tuple[Tensor, Tensor], b: tuple[Tensor, Tensor]) -> bool:
    return all(
        torch.allclose(x, y, rtol=0, atol=0, equal_nan=True) for x, y in zip(a, b, strict=True)
    )


def _objects(found: Found) -> tuple[int, ...]:
    return tuple(tensor.data_ptr() for tensor in found.statistics or ())


def _missing(found: Found, model: nn.Module) -> tuple[str, ...]:
    """The statistics that the model's state dict holds neither by name nor by memory."""
    prefix = "" if found.module is model else f"{found.name}."
    state = model.state_dict()
    kept = {value.data_ptr() for value in state.values() if isinstance(value, Tensor)}
    names = zip(found.names, found.statistics or (), strict=False)
    return tuple(n for n, t in names if f"{prefix}{n}" not in state and t.data_ptr() not in kept)


def _why(module: nn.Module, missing: tuple[str, ...]) -> str:
    if not missing:
        return ""
    registered = all(name in module._buffers for name in missing)
    return "a buffer with persistent=False" if registered else "a plain attribute, not a buffer"


def _trained(bias: Any) -> str:
    """Evidence of training: a bias begins constant, and a weight may begin random."""
    if not isinstance(bias, nn.Parameter) or bias.numel() < 2:
        return ""
    low, high = float(bias.min()), float(bias.max())
    return f"its bias has been trained: {low:.2g} to {high:.2g}" if low != high else ""
