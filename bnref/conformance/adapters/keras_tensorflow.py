"""keras.layers.BatchNormalization on the TensorFlow back end of Keras 3, eagerly, on the CPU."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bnref.conformance.adapters import _keras_layer
from bnref.conformance.adapters._framework import Framework
from bnref.conformance.implementation import Config, Implementation, State

tf = Framework("tensorflow")
DTYPES = ("float64", "float32", "float16", "bfloat16")
Array = NDArray[Any]


class Layer:
    """The layer; gradients are those of a tape."""

    def __init__(self, config: Config, options: dict[str, Any]) -> None:
        self.layer = _keras_layer.built(config, options)
        self.variables = _keras_layer.variables(self.layer)
        self.dtype = getattr(tf, config.dtype)
        self.last: tuple[Any, ...] = ()

    def train(self, x: Array) -> Array:
        return self._forward(x, training=True)

    def evaluate(self, x: Array) -> Array:
        return self._forward(x, training=False)

    def masked(self, x: Array, mask: Array) -> Array:
        return self._forward(x, training=True, mask=tf.constant(mask))

    def backward(self, dy: Array) -> tuple[Array, ...]:
        tape, y, inputs = self.last
        dx, *found = tape.gradient(y, inputs, self._tensor(dy), unconnected_gradients="zero")
        return (_array(dx), *(value.numpy() for value in found), np.zeros(0), np.zeros(0))[:3]

    def state(self) -> State:
        return {name: np.array(v.numpy()) for name, v in self.variables.items()}

    def load(self, state: State) -> None:
        for name, value in state.items():
            self.variables[name].assign(value)

    def freeze(self) -> None:
        self.layer.trainable = False

    def _forward(self, x: Array, **how: Any) -> Array:
        tensor = self._tensor(x)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(tensor)
            y = self.layer(tensor, **how)
        own = [self.variables[n].value for n in ("weight", "bias") if n in self.variables]
        self.last = tape, y, [tensor, *own]
        return _array(y)

    def _tensor(self, x: Array) -> Any:
        return tf.cast(tf.constant(np.ascontiguousarray(np.moveaxis(x, 1, -1))), self.dtype)


def _array(value: Any) -> Array:
    wide = tf.cast(value, tf.float32) if value.dtype == tf.bfloat16 else value
    return np.moveaxis(wide.numpy(), -1, 1)


def adapter() -> Implementation:
    """The Implementation, where keras and tensorflow are installed."""
    return _keras_layer.adapter("tensorflow", tf, Layer, DTYPES)
