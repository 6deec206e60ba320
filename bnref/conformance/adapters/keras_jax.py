"""keras.layers.BatchNormalization on the JAX back end of Keras 3, under jax.jit, on the CPU."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bnref.conformance.adapters import _jax_layer, _keras_layer
from bnref.conformance.adapters._framework import Framework
from bnref.conformance.implementation import Config, Implementation

jax = Framework("jax")
Array = NDArray[Any]
NUMBERS = {"momentum", "epsilon"}


class Layer(_jax_layer.Layer):
    """With the mask that Keras passes on."""

    def __init__(self, config: Config, options: dict[str, Any]) -> None:
        super().__init__(step, config, **options)

    def masked(self, x: Array, mask: Array) -> Array:
        return self._forward(x, True, np.asarray(mask))


def step(
    channels: int, options: dict[str, Any], training: bool, *arrays: Any
) -> tuple[Any, dict[str, Any]]:
    """The layer as a function."""
    parameters, statistics, x, mask = arrays
    fixed = {name: value for name, value in options.items() if name not in NUMBERS}
    with jax.ensure_compile_time_eval():
        layer = _keras_layer.built(Config(channels=channels, rank=x.ndim), fixed)
    for name in NUMBERS & set(options):
        setattr(layer, name, options[name])  # traced; the constructor would not take it
    names = {id(v): name for name, v in _keras_layer.variables(layer).items()}
    values = parameters | statistics
    groups = layer.trainable_variables, layer.non_trainable_variables
    held = [[values[names[id(v)]] for v in group] for group in groups]
    y, moved = layer.stateless_call(*held, x, training=training, mask=mask)
    return y, dict(zip((names[id(v)] for v in groups[1]), moved, strict=True))


def adapter() -> Implementation:
    """The Implementation, where keras and jax are installed."""
    return _keras_layer.adapter("jax", jax, Layer, patience=_jax_layer.PATIENCE)


def wide() -> Implementation:
    """The same with layers of dtype="float64"."""
    patience = _jax_layer.PATIENCE
    return _keras_layer.adapter("jax", jax, Layer, ("float64",), patience)
