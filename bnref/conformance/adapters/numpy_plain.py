"""Batch norm in plain NumPy, in float64 and float32: the example of an adapter.

It needs no torch: `bnref conform bnref.conformance.adapters.numpy_plain:ADAPTER`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bnref.conformance.implementation import Config, Implementation, State

Array = NDArray[Any]


class Layer:
    """y = weight * (x - mean) / sqrt(var + eps) + bias, one mean and variance per channel."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.last: tuple[Array, Array, Array, bool] | None = None
        self.axes = (0, *range(2, config.rank))
        one = np.ones(config.channels, config.dtype)
        self.arrays = {"weight": one, "bias": 0 * one}
        if config.track:
            self.arrays |= {"running_mean": 0 * one, "running_var": one.copy()}
            self.arrays["batches"] = np.zeros(1)

    def train(self, x: Array) -> Array:
        m = x.size // self.config.channels
        if m < 2:
            raise ValueError(f"expected more than one value per channel, found {x.shape}")
        mean = x.mean(self.axes)
        var = np.square(x - self.along(mean)).mean(self.axes)
        if self.config.track:
            self.arrays["batches"] += 1
            momentum = self.config.momentum
            new = 1 / self.arrays["batches"][0] if momentum is None else momentum
            for name, value in (("running_mean", mean), ("running_var", var * (m / (m - 1)))):
                self.arrays[name] += new * (value - self.arrays[name])
        return self.normalise(x, mean, var, training=True)

    def evaluate(self, x: Array) -> Array:
        mean, var = x.mean(self.axes), x.var(self.axes)
        if self.config.track:
            mean, var = self.arrays["running_mean"].copy(), self.arrays["running_var"]
        return self.normalise(x, mean, var, training=not self.config.track)

    def normalise(self, x: Array, mean: Array, var: Array, training: bool) -> Array:
        rstd = 1 / np.sqrt(var + np.asarray(self.config.eps, x.dtype))
        xhat = (x - self.along(mean)) * self.along(rstd)
        self.last = (xhat, rstd, self.arrays["weight"].copy(), training)
        return xhat * self.along(self.arrays["weight"]) + self.along(self.arrays["bias"])

    def backward(self, dy: Array) -> tuple[Array, Array, Array]:
        assert self.last is not None, "no train or evaluate before backward"
        xhat, rstd, weight, training = self.last
        m, dweight, dbias = dy.size // weight.size, (dy * xhat).sum(self.axes), dy.sum(self.axes)
        if training:
            dy = dy - self.along(dbias / m) - xhat * self.along(dweight / m)
        return dy * self.along(weight * rstd), dweight, dbias

    def state(self) -> State:
        return {name: value.copy() for name, value in self.arrays.items()}

    def load(self, state: State) -> None:
        for name, value in state.items():
            self.arrays[name][...] = value

    def reset(self) -> None:
        self.load({"running_mean": np.zeros(1), "running_var": np.ones(1), "batches": np.zeros(1)})

    def along(self, value: Array) -> Array:
        return value.reshape(1, -1, *(1,) * (self.config.rank - 2))


ADAPTER = Implementation(
    name="plain NumPy",
    version=np.__version__,
    make=Layer,
    strides=True,
    deviates={"an_infinite_input_does_not_poison_the_statistics": "inputs are not inspected"},
    default=lambda: Layer(Config(channels=3, dtype="float32")),
)
