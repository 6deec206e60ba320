"""On what implementations of batch norm differ, measured, and how to carry a layer over.

    measured(load("package.module:adapter"))     # a Measured: what it does, not what it declares
    table({"mine": measured(...)}, date)         # Markdown
    converted(state, source, target, ...)        # the running statistics that target would have

`momentum` is always the weight of the new batch here; `complement` leads to the other way of saying.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date as Date
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bnref.conformance.draw import draw
from bnref.conformance.implementation import Implementation

Array = NDArray[Any]
Variance = Literal["unbiased", "biased"]

ADAPTERS = (
    "bnref_norms:ADAPTER",
    "bnref_relatives:CENTRED",
    "bnref_relatives:DEBIASED",
    "bnref_relatives:FROZEN",
    "bnref_relatives:GHOST",
    "bnref_relatives:L1",
    "bnref_relatives:L2",
    "bnref_relatives:LINF",
    "bnref_relatives:NOISY",
    "bnref_relatives:RENORM",
    "bnref_relatives:STOP_GRADIENT",
    "bnref_relatives:SYNC",
    "bnref_samples:GROUP",
    "bnref_samples:INSTANCE",
    "bnref_samples:LAYER",
    "bnref_samples:RMS",
    "equinox:batch",
    "equinox:ema",
    "flax_linen:adapter",
    "flax_linen:two_pass",
    "flax_nnx:adapter",
    "flax_nnx:two_pass",
    "flax_nnx:wide",
    "keras_jax:adapter",
    "keras_jax:wide",
    "keras_tensorflow:adapter",
    "keras_torch:adapter",
    "keras_torch:wide",
    "mlx:adapter",
    "numpy_plain:ADAPTER",
    "onnx_runtime:adapter",
    "tensorflow_fused:adapter",
    "tinygrad:adapter",
    "torch_autocast:ADAPTER",
    "torch_channels_last:ADAPTER",
    "torch_compiled:TRACED",
    "torch_compiled:inductor",
    "torch_nn:ADAPTER",
    "torch_sync:ADAPTER",
)
"""Every implementation in bnref.conformance.adapters, as file:attribute."""


class Unmeasured(ValueError):
    """The implementation answers in a way that no convention explains; the message is one line."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What the layer that an implementation makes by default does, by its answers alone.

    `momentum` is the weight of the new batch in the long run, `first` that of the first batch: it
    is 1 where the first is taken whole. `ratio` is what running_var takes in of two
    values per channel, over their biased variance. `buffers` names the state beside the parameters.
    """

    name: str
    version: str
    momentum: float
    first: float
    variance: Variance
    ratio: float
    eps: float
    one_value: Literal["raises", "allowed", "NaN"]
    buffers: tuple[str, ...]


def measured(implementation: Implementation) -> Measured:
    """The conventions of its default layer. Raises Unmeasured where its answers have no explanation."""
    make = implementation.default
    if make is None:
        raise Unmeasured(f"{implementation.name} offers no `default`")
    first, second = _weights(make)
    whole = abs(first - 1) < 0.01
    # An average that is corrected for its start weighs the second batch 1 / (1 + weight of the old).
    momentum = 2 - 1 / second if whole and 0.49 < second < 0.99 else second
    if not whole and abs(first - second) > 0.01:
        raise Unmeasured(f"{implementation.name} weighs batches {first:.3g}, then {second:.3g}")
    ratio = _ratio(make, first)
    kinds: dict[Variance, float] = {"biased": 1.0, "unbiased": 2.0}
    near: list[Variance] = [kind for kind, wanted in kinds.items() if abs(ratio - wanted) < 0.05]
    if not near:
        raise Unmeasured(
            f"{implementation.name} keeps {ratio:.3g} times the biased variance of two"
        )
    return Measured(
        name=implementation.name,
        version=implementation.version,
        momentum=_short(momentum),
        first=_short(first),
        variance=near[0],
        ratio=_short(ratio),
        eps=_short(_eps(make)),
        one_value=_one_value(make),
        buffers=tuple(sorted(set(make().state()) - {"weight", "bias"})),
    )


def table(rows: Mapping[str, Measured], date: Date) -> str:
    """The conventions as a Markdown table that says when they were measured."""
    lines = [
        f"Measured on {date.isoformat()}, from what each layer answers when it is made by default.",
        "",
        "| implementation | version | weight of the new batch | running_var | eps "
        "| one value per channel | buffers |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows.values():
        weight = f"{row.momentum:g}" + ", the first 1" * (row.first != row.momentum)
        buffers = ", ".join(row.buffers) or "none"
        cells = (
            row.name,
            row.version,
            weight,
            row.variance,
            f"{row.eps:g}",
            row.one_value,
            buffers,
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def complement(momentum: float) -> float:
    """The weight of the new batch from that of the old value, and back: 0.99 in Keras is 0.01."""
    if not 0 <= momentum <= 1:
        raise ValueError(f"momentum {momentum!r} is no weight: expected 0 to 1")
    # The decimal that was meant: 1 - 0.99 is 0.010000000000000009.
    return float(f"{1 - momentum:.12g}")


def bessel(count: int) -> float:
    """What the unbiased variance of `count` values is, over the biased: count / (count - 1)."""
    if count < 2:
        raise ValueError(f"{count} value per channel has no unbiased variance")
    return count / (count - 1)


def running_var(
    value: Array,
    source: Variance,
    target: Variance,
    count: int,
    momentum: float | None = None,
    steps: int | None = None,
) -> Array:
    """A running variance of batches of `count` values per channel as the other kind would be.

    With momentum and steps what is left of the initial 1 is not scaled, and the result is exact.
    """
    if source == target:
        return np.array(value)
    factor = bessel(count) if target == "unbiased" else 1 / bessel(count)
    left = 0.0 if momentum is None or steps is None else (1 - momentum) ** steps
    return left + (np.asarray(value) - left) * factor


def with_eps(value: Array, source: float, target: float) -> Array:
    """The running variance that evaluates with eps `target` as `value` does with eps `source`.

    For a target whose eps cannot be set; raises ValueError where that would be a negative variance.
    """
    found = np.asarray(value) + (source - target)
    if (found < 0).any():
        raise ValueError(f"eps {target:g} is more than the smallest variance has to give: set eps")
    return found


def converted(
    state: Mapping[str, Array],
    source: Measured,
    target: Measured,
    count: int,
    steps: int | None = None,
) -> dict[str, Array]:
    """The parameters and statistics of a layer for the other implementation.

    Batches had `count` values per channel. Give the other layer the momentum and the eps of the
    first: they are settings, and not part of the state.
    """
    if "running_var" not in state:
        return dict(state)
    momentum = None if source.first != source.momentum else source.momentum
    kinds = source.variance, target.variance
    var = running_var(state["running_var"], *kinds, count, momentum, steps)
    return dict(state) | {"running_var": var}


def _weights(make: Callable[[], Any]) -> tuple[float, float]:
    """The weights of a first and a second batch in the running mean."""
    layer, found = make(), []
    for seed in (1, 2):
        x = draw(seed, (5, 3, 3, 2), "float32", mean=10.0 * (-1) ** seed, std=1.0)
        before = _used(layer)[0]
        layer.train(x)
        batch = x.mean((0, 2, 3), dtype=np.float64)
        found.append(float(np.median((_used(layer)[0] - before) / (batch - before))))
    return found[0], found[1]


def _ratio(make: Callable[[], Any], weight: float) -> float:
    """What the running variance takes in of a batch of two values per channel, over their biased one."""
    layer = make()
    x = draw(3, (2, 3, 1, 1), "float32", mean=1.0, std=3000.0)  # beside it the initial 1 is nothing
    layer.train(x)
    return float(np.median(_used(layer)[1] / weight / x.var((0, 2, 3), dtype=np.float64)))


def _eps(make: Callable[[], Any]) -> float:
    layer, zero = make(), np.zeros(3, "float32")
    layer.load({"running_mean": zero, "running_var": zero})
    x = draw(4, (4, 3, 3, 1), "float32", mean=0.02, std=0.01)
    return float(np.median(np.square(x / layer.evaluate(x).astype(np.float64))))


def _one_value(make: Callable[[], Any]) -> Literal["raises", "allowed", "NaN"]:
    layer = make()
    try:
        y = layer.train(draw(5, (1, 3, 1, 1), "float32", mean=2.0, std=1.0))
    except Exception:  # what it raises is its own affair
        return "raises"
    state = layer.state()
    arrays = (y, state["running_mean"], state["running_var"])
    return "allowed" if all(np.isfinite(array).all() for array in arrays) else "NaN"


def _used(layer: Any) -> tuple[Array, Array]:
    """The mean and the variance, eps included, by which the layer evaluates."""
    zero = np.zeros((1, 3, 1, 1), "float32")
    at_zero, at_large = (layer.evaluate(zero + c).astype(np.float64).ravel() for c in (0.0, 1000.0))
    slope = (at_large - at_zero) / 1000
    return -at_zero / slope, slope**-2


def _short(value: float) -> float:
    """Three digits: what a measurement in float32 is good for."""
    return float(f"{value:.3g}")
