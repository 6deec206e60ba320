"""tinygrad.nn.BatchNorm on the device that tinygrad picks, or that its variable DEV names.

Its CPU device compiles with clang. Without one, DEV=PYTHON runs the same kernels in an interpreter.
num_batches_tracked, which nothing in the layer reads, is left out.
The layer has no half types: with float32 parameters a half input gives a float32 output.
"""

from __future__ import annotations

import os
import shutil
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bnref.conformance.adapters._framework import Framework
from bnref.conformance.implementation import Config, Conventions, Implementation, State

tinygrad = Framework("tinygrad")
nn = Framework("tinygrad.nn")

Array = NDArray[Any]
NAMES = ("weight", "bias", "running_mean", "running_var")
DEVIATES = {"an_infinite_input_does_not_poison_the_statistics": "inputs are not inspected"}
INTERPRETED = 50_000
"""The values of an input that DEV=PYTHON takes seconds for; its time grows with them."""


class Layer:
    """The layer; gradients are those of Tensor.gradient."""

    def __init__(self, layer: Any, config: Config) -> None:
        self.layer, self.dtype = layer, getattr(tinygrad.dtypes, config.dtype)
        self.names = [n for n in NAMES if getattr(layer, n, None) is not None]
        self.load(self.state())
        self.last: tuple[Any, ...] = ()

    def train(self, x: Array) -> Array:
        return self._forward(x, True)

    def evaluate(self, x: Array) -> Array:
        return self._forward(x, False)

    def backward(self, dy: Array) -> tuple[Array, ...]:
        x, y = self.last
        own = [getattr(self.layer, n) for n in ("weight", "bias") if n in self.names]
        found = y.gradient(x, *own, gradient=self._tensor(dy))
        return (*map(self._array, found), np.zeros(0), np.zeros(0))[:3]

    def state(self) -> State:
        return {name: self._array(getattr(self.layer, name)).copy() for name in self.names}

    def load(self, state: State) -> None:
        for name in set(self.names) & set(state):
            value = np.array(state[name], "float32")
            setattr(self.layer, name, tinygrad.Tensor(value).realize())

    def _forward(self, x: Array, training: bool) -> Array:
        tensor = self._tensor(x)
        with tinygrad.helpers.Context(TRAINING=int(training)):
            y = self.layer(tensor)
        if training:
            kept = [getattr(self.layer, n) for n in NAMES[2:] if n in self.names]
            tinygrad.Tensor.realize(*kept, self.layer.num_batches_tracked)
        self.last = tensor, y
        return self._array(y)

    def _tensor(self, x: Array) -> Any:
        if x.size > INTERPRETED and tinygrad.Device.DEFAULT == "PYTHON":
            raise NotImplementedError(
                f"interpreted, {x.size} values take minutes; install clang for DEV=CPU"
            )
        return tinygrad.Tensor(np.ascontiguousarray(x)).cast(self.dtype).realize()

    def _array(self, value: Any) -> Array:
        wide = value.float() if value.dtype == tinygrad.dtypes.bfloat16 else value
        return wide.numpy()


def _make(config: Config) -> Layer:
    if config.momentum is None:
        raise NotImplementedError("the layer has no momentum None")
    c = config
    return Layer(nn.BatchNorm(c.channels, c.eps, c.affine, c.track, c.momentum), config)


def adapter() -> Implementation:
    """The Implementation, where tinygrad is installed."""
    if not shutil.which("clang"):
        os.environ.setdefault("DEV", "PYTHON")
    return Implementation(
        name=f"tinygrad.nn on {tinygrad.Device.DEFAULT}",
        version=version("tinygrad"),
        make=_make,
        conventions=Conventions(
            momentum=0.1, eps=1e-5, running_variance="unbiased", one_value="raises"
        ),
        dtypes=("float32",),
        default=lambda: Layer(nn.BatchNorm(3), Config(channels=3, dtype="float32")),
        patience=30.0,
        deviates=DEVIATES,
    )
