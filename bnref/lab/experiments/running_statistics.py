"""Feed a layer synthetic streams and compare its running statistics with the closed forms."""

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn

import bnref.norms
from bnref.evidence.cell import Cell
from bnref.evidence.record import Measured
from bnref.lab.randomness import generator

NEEDED = ("momentum", "running_mean", "running_var")
DECADES = 2.0
"""Locations and scales of synthetic batches are drawn over ten to the power of -2 to 2."""
CHECKPOINTS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
"""After how many batches the spread over channels is looked at."""


def run(cell: Cell) -> Measured:
    """How far running_mean and running_var are from the law of a stream, in float64.

    Arm: norm, momentum (the weight of the new batch, None for the cumulative average), channels,
    batches, batch_size, space (an image is space x space) and stream:

    arbitrary  each batch and channel has its own location and scale; the weighted sum of all batches
    identical  independent batches of standard normal values; the variance over channels
    partition  one epoch over a finite data set, in random order; plain averages

    Raises ValueError where the layer lacks `momentum`, running_mean or running_var.
    """
    measure = {"arbitrary": _arbitrary, "identical": _identical, "partition": _partition}
    with torch.no_grad():
        return measure[str(cell.arm["stream"])](cell)


def _arbitrary(cell: Cell) -> Measured:
    """Worst relative error of both buffers after every batch, where batches drift and where one batch
    is repeated. `control_error` is that of a layer with the other convention, whose momentum weighs
    the old value, in the stream where it errs less.
    """
    momentum, shape = float(cell.arm["momentum"]), _shape(cell)  # type: ignore[arg-type]
    draw = generator(cell.seed, "stream")
    scale = _decades(draw, shape[0], 1, shape[2], 1, 1)
    location = 3 * scale * torch.randn(scale.shape, generator=draw, dtype=torch.float64)
    values = location + scale * torch.randn(shape, generator=draw, dtype=torch.float64)
    start = _start(cell)
    drifting = values.to(cell.device)
    constant = drifting[:1].expand(shape)
    errors, control_errors = [], []
    for law, stream in ((weighted_sum, drifting), (approach, constant)):
        batch_mean, batch_var = stream.mean((1, 3, 4)), stream.var((1, 3, 4))
        size = weighted_sum(momentum, start[0].abs(), stream.abs().mean((1, 3, 4)))
        mean, var = law(momentum, start[0], batch_mean), law(momentum, start[1], batch_var)
        swapped = (law(1 - momentum, start[0], batch_mean), law(1 - momentum, start[1], batch_var))
        found = _buffers_after(_layer(cell, *start), stream)
        errors += [_worst(found[0], mean, size), _worst(found[1], var, var)]
        control_errors += [_worst(swapped[0], mean, size), _worst(swapped[1], var, var)]
    return Measured(metrics={"error": max(errors), "control_error": min(control_errors)})


def _identical(cell: Cell) -> Measured:
    """Variance of running_mean over channels at the checkpoints, against tau^2 m / (2 - m) (...).

    tau^2 = 1 / (batch_size space^2) is the variance of a batch mean. `log_ratio` is the log of
    measured over predicted variance that is largest in magnitude, with its sign.
    """
    momentum = float(cell.arm["momentum"])  # type: ignore[arg-type]
    batches, *shape = _shape(cell)
    draw = generator(cell.seed, "stream")
    start = torch.zeros(shape[1], dtype=torch.float64)
    layer = _layer(cell, start, start)
    times = [t for t in CHECKPOINTS if t <= batches]
    ratios, log_ratios = [], []
    for t in range(1, batches + 1):
        layer(torch.randn(shape, generator=draw, dtype=torch.float64).to(cell.device))
        if t in times:
            mean, _ = _buffers(layer)
            ratio = float(mean.var()) * shape[0] * math.prod(shape[2:])
            predicted = momentum / (2 - momentum) * (1 - (1 - momentum) ** (2 * t))
            ratios.append(_finite(ratio))
            log_ratios.append(math.log(max(_finite(ratio / predicted), 1e-300)))
    return Measured(
        metrics={
            "log_ratio": max(log_ratios, key=abs),
            "last_log_ratio": log_ratios[-1],
            "variance_in_batch_means": ratios[-1],
        },
        series={
            "batches": [float(t) for t in times],
            "variance_in_batch_means": ratios,
            "log_ratio": log_ratios,
        },
    )


def _partition(cell: Cell) -> Measured:
    """Error of running_mean from the data's mean and of running_var from the mean of the unbiased
    batch variances; `control_error` is that of the data's own unbiased variance as running_var.
    """
    batches, size, channels, *space = _shape(cell)
    draw = generator(cell.seed, "stream")
    scale = _decades(draw, 1, channels, 1, 1)
    location = 3 * scale * torch.randn(scale.shape, generator=draw, dtype=torch.float64)
    shape = (batches * size, channels, *space)
    data = location + scale * torch.randn(shape, generator=draw, dtype=torch.float64)
    order = torch.randperm(len(data), generator=generator(cell.seed, "order"))
    data, epoch = data.to(cell.device), data[order].view(batches, size, channels, *space)
    epoch = epoch.to(cell.device)
    mean, var = (history[-1] for history in _buffers_after(_layer(cell, *_start(cell)), epoch))
    batch_vars = epoch.var((1, 3, 4)).mean(0)
    data_var = data.var((0, 2, 3))
    return Measured(
        metrics={
            "error": max(
                _worst(mean, data.mean((0, 2, 3)), data.abs().mean((0, 2, 3))),
                _worst(var, batch_vars, batch_vars),
            ),
            "control_error": _worst(data_var, batch_vars, batch_vars),
        }
    )


def weighted_sum(momentum: float, start: Tensor, values: Tensor) -> Tensor:
    """(1-m)^t start + m sum_k (1-m)^(t-1-k) values[k], k < t, in row t - 1: no recursion."""
    time = torch.arange(len(values), dtype=values.dtype, device=values.device)
    age = time[:, None] - time
    weights = momentum * (1 - momentum) ** age.clamp(min=0) * (age >= 0)
    kept = (1 - momentum) ** (time + 1)
    return kept[:, None] * start + weights @ values


def approach(momentum: float, start: Tensor, values: Tensor) -> Tensor:
    """theta + (1-m)^t (start - theta) in row t - 1, where all values are theta."""
    time = torch.arange(1, len(values) + 1, dtype=values.dtype, device=values.device)[:, None]
    exponent = time * math.log1p(-momentum)
    return exponent.exp() * start - exponent.expm1() * values[0]  # without cancellation


def _layer(cell: Cell, mean: Tensor, var: Tensor) -> nn.Module:
    """The arm's layer in float64, in training mode, with its momentum and these buffers."""
    norm, channels = str(cell.arm["norm"]), len(mean)
    layer = bnref.norms.get(norm).build(channels).to(cell.device, torch.float64).train()
    missing = [
        name
        for name in NEEDED
        if not hasattr(layer, name) or (name != "momentum" and getattr(layer, name) is None)
    ]
    if missing:
        lacking = " and no ".join(missing)
        raise ValueError(f"{norm} has no {lacking}: its running statistics cannot be checked")
    layer.momentum = cell.arm["momentum"]  # type: ignore[assignment]
    for name, value in (("running_mean", mean), ("running_var", var)):
        buffer = getattr(layer, name)
        if buffer.numel() != channels:
            raise ValueError(
                f"{norm}: {name} has shape {tuple(buffer.shape)}, expected one value for each of "
                f"{channels} channels"
            )
        buffer.copy_(value.to(cell.device).view(buffer.shape))
    return layer


def _buffers(layer: nn.Module) -> tuple[Tensor, Tensor]:
    """running_mean and running_var (C,), read anew: a layer may replace its buffers."""
    mean, var = layer.running_mean, layer.running_var
    assert isinstance(mean, Tensor)
    assert isinstance(var, Tensor)
    return mean.reshape(-1), var.reshape(-1)


def _buffers_after(layer: nn.Module, stream: Iterable[Tensor]) -> tuple[Tensor, Tensor]:
    """Both buffers after each batch, (batches, C)."""
    history = []
    for batch in stream:
        layer(batch)
        history.append(torch.stack(_buffers(layer)))
    mean, var = torch.stack(history, 1)
    return mean, var


def _start(cell: Cell) -> tuple[Tensor, Tensor]:
    """Buffers to start from, anywhere within the decades of the stream."""
    channels, draw = int(cell.arm["channels"]), generator(cell.seed, "start")  # type: ignore[arg-type]
    mean, var = _decades(draw, 2, channels)
    sign = torch.randint(0, 2, (channels,), generator=draw) * 2 - 1
    return (mean * sign).to(cell.device), var.to(cell.device)


def _shape(cell: Cell) -> tuple[int, ...]:
    """(batches, N, C, H, W) of the stream."""
    names = ("batches", "batch_size", "channels", "space", "space")
    return tuple(int(cell.arm[name]) for name in names)  # type: ignore[arg-type]


def _decades(draw: torch.Generator, *shape: int) -> Tensor:
    """Numbers whose logarithm is uniform."""
    return 10 ** ((2 * torch.rand(shape, generator=draw, dtype=torch.float64) - 1) * DECADES)


def _worst(found: Tensor, expected: Tensor, size: Tensor) -> float:
    return _finite(float(((found - expected).abs() / size).max()))


def _finite(value: float) -> float:
    """A number that a record can hold: what is not finite counts as 1e300."""
    return value if math.isfinite(value) else 1e300
