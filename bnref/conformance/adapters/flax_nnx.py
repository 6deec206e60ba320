"""flax.nnx.BatchNorm under jax.jit, on the CPU."""

from __future__ import annotations

from typing import Any

from bnref.conformance.adapters import _flax_layer
from bnref.conformance.adapters._framework import Framework
from bnref.conformance.implementation import Implementation

nnx = Framework("flax.nnx")

DTYPES = ("float32", "float16", "bfloat16")


def step(
    channels: int, options: dict[str, Any], training: bool, *arrays: Any
) -> tuple[Any, dict[str, Any]]:
    """The layer as a function."""
    parameters, statistics, x, mask = arrays
    layer = nnx.BatchNorm(channels, rngs=nnx.Rngs(0), **options)
    kind = layer.mean[...].dtype
    layer.mean[...] = statistics["running_mean"].astype(kind)
    layer.var[...] = statistics["running_var"].astype(kind)
    if parameters:
        layer.scale[...], layer.bias[...] = parameters["weight"], parameters["bias"]
    y = layer(x, use_running_average=not training, mask=mask)
    return y, {"running_mean": layer.mean[...], "running_var": layer.var[...]}


def adapter() -> Implementation:
    """The Implementation, where flax is installed."""
    constant = "a_constant_channel_has_finite_gradients"  # its variance in one pass is not 0
    deviates = _flax_layer.FAST | {constant: _flax_layer.ONE_PASS}
    return _flax_layer.adapter("flax.nnx", step, DTYPES, deviates)


def two_pass() -> Implementation:
    """The same with use_fast_variance=False."""
    name, chosen = "flax.nnx, use_fast_variance=False", {"use_fast_variance": False}
    return _flax_layer.adapter(name, step, DTYPES, _flax_layer.INFINITE, **chosen)


def wide() -> Implementation:
    """The same in float64: what is chosen as param_dtype does not reach the statistics."""
    return _flax_layer.adapter("flax.nnx in float64", step, ("float64",), _flax_layer.FAST)
