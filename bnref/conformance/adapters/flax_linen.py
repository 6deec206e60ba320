"""flax.linen.BatchNorm under jax.jit, on the CPU."""

from __future__ import annotations

from typing import Any

from bnref.conformance.adapters import _flax_layer
from bnref.conformance.adapters._framework import Framework
from bnref.conformance.implementation import Implementation

linen = Framework("flax.linen")

DTYPES = ("float64", "float32", "float16", "bfloat16")


def step(
    channels: int, options: dict[str, Any], training: bool, *arrays: Any
) -> tuple[Any, dict[str, Any]]:
    """The layer as a function."""
    parameters, statistics, x, mask = arrays
    module = linen.BatchNorm(use_running_average=not training, **options)
    held = {"mean": statistics["running_mean"], "var": statistics["running_var"]}
    variables: dict[str, Any] = {"batch_stats": held}
    if parameters:
        variables["params"] = {"scale": parameters["weight"], "bias": parameters["bias"]}
    y, moved = module.apply(variables, x, mask=mask, mutable=["batch_stats"])
    found = moved["batch_stats"]
    return y, {"running_mean": found["mean"], "running_var": found["var"]}


def adapter() -> Implementation:
    """The Implementation, where flax is installed."""
    return _flax_layer.adapter("flax.linen", step, DTYPES, _flax_layer.FAST)


def two_pass() -> Implementation:
    """The same with use_fast_variance=False."""
    name, chosen = "flax.linen, use_fast_variance=False", {"use_fast_variance": False}
    return _flax_layer.adapter(name, step, DTYPES, _flax_layer.INFINITE, **chosen)
