"""tf.compat.v1.nn.fused_batch_norm, TensorFlow's fused operation, channels last, on the CPU."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bnref.conformance.adapters._framework import Framework
from bnref.conformance.implementation import Config, Conventions, Implementation, State

tf = Framework("tensorflow")
Array = NDArray[Any]


class Layer:
    """The operation and what a layer keeps around it."""

    def __init__(self, config: Config, options: dict[str, Any]) -> None:
        self.dtype, self.options = getattr(tf, config.dtype), options
        ones, zeros = np.ones(config.channels), np.zeros(config.channels)
        self.variables: dict[str, Any] = {}
        self.load({"weight": ones, "bias": zeros, "running_mean": zeros, "running_var": ones})
        self.last: tuple[Any, ...] = ()

    def train(self, x: Array) -> Array:
        y, mean, var = self._forward(x, is_training=True)
        self.variables |= {"running_mean": mean, "running_var": var}
        return y

    def evaluate(self, x: Array) -> Array:
        return self._forward(x, is_training=False)[0]

    def backward(self, dy: Array) -> tuple[Array, ...]:
        tape, y, inputs = self.last
        dx, *found = tape.gradient(y, inputs, self._tensor(dy))
        return (_array(dx), *(value.numpy() for value in found))

    def state(self) -> State:
        return {name: value.numpy() for name, value in self.variables.items()}

    def load(self, state: State) -> None:
        self.variables |= {n: tf.constant(np.asarray(v, "float32")) for n, v in state.items()}

    def _forward(self, x: Array, **how: Any) -> tuple[Any, ...]:
        held, tensor = self.variables, self._tensor(x)
        inputs = [tensor, held["weight"], held["bias"]]
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(inputs)
            y, mean, var = tf.compat.v1.nn.fused_batch_norm(
                *inputs, held["running_mean"], held["running_var"], **how, **self.options
            )
        self.last = tape, y, inputs
        return _array(y), mean, var

    def _tensor(self, x: Array) -> Any:
        return tf.cast(tf.constant(np.ascontiguousarray(np.moveaxis(x, 1, -1))), self.dtype)


def _array(value: Any) -> Array:
    wide = tf.cast(value, tf.float32) if value.dtype == tf.bfloat16 else value
    return np.moveaxis(wide.numpy(), -1, 1)


def _make(config: Config) -> Layer:
    if config.momentum is None or not config.track or not config.affine:
        raise NotImplementedError("the operation always scales, and averages with a fixed weight")
    options = {"epsilon": config.eps, "exponential_avg_factor": config.momentum}
    return Layer(config, options)


def adapter() -> Implementation:
    """The Implementation, where tensorflow is installed."""
    # TensorFlow imports Keras, and 2.21 crashes where Keras then imports torch.
    os.environ["KERAS_BACKEND"] = "tensorflow"
    simple = Config(channels=3, dtype="float32")
    return Implementation(
        name="tf.nn.fused_batch_norm",
        version=tf.__version__,
        make=_make,
        conventions=Conventions(momentum=1.0, eps=1e-3, one_value="allowed"),
        dtypes=("float32", "float16", "bfloat16"),
        ranks=(4,),
        default=lambda: Layer(simple, {}),
        deviates={"an_infinite_input_does_not_poison_the_statistics": "inputs are not inspected"},
    )
