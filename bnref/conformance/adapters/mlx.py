"""mlx.nn.BatchNorm on the CPU of MLX. Half types are those of the whole layer, as MLX has them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bnref.conformance.adapters._framework import Framework
from bnref.conformance.implementation import Config, Conventions, Implementation, State

mx = Framework("mlx.core")
nn = Framework("mlx.nn")

Array = NDArray[Any]
PARAMETERS = ("weight", "bias")
STATISTICS = ("running_mean", "running_var")


class Layer:
    """The layer; gradients are those of mlx.core.vjp."""

    def __init__(self, layer: Any, config: Config) -> None:
        mx.set_default_device(mx.cpu)
        self.layer, self.dtype = layer, getattr(mx, config.dtype)
        self.layer.set_dtype(self.dtype)
        self.names = [n for n in (*PARAMETERS, *STATISTICS) if n in self.layer]
        self.last: tuple[Any, bool, dict[str, Any]] | None = None

    def train(self, x: Array) -> Array:
        return self._forward(x, True)

    def evaluate(self, x: Array) -> Array:
        return self._forward(x, False)

    def backward(self, dy: Array) -> tuple[Array, ...]:
        assert self.last is not None, "no train or evaluate before backward"
        x, training, before = self.last
        own = [name for name in PARAMETERS if name in self.layer]
        kept = self._held()

        def output(x: Any, *values: Any) -> list[Any]:
            self.layer.update(dict(zip(own, values, strict=True)))
            return [self.layer(x)]

        self.load_arrays(before)
        self.layer.train(training)
        inputs = [x, *(before[name] for name in own)]
        _, (dx, *found) = mx.vjp(output, inputs, [self._array(dy)])
        self.load_arrays(kept)
        nothing = np.zeros(0)
        return (np.moveaxis(_plain(dx), -1, 1), *map(_plain, found), nothing, nothing)[:3]

    def state(self) -> State:
        return {name: _plain(self.layer[name]) for name in self.names}

    def load(self, state: State) -> None:
        self.load_arrays({n: mx.array(np.asarray(v)).astype(self.dtype) for n, v in state.items()})

    def load_arrays(self, arrays: dict[str, Any]) -> None:
        """Set them; MLX has no in-place update of parameters."""
        for name, value in arrays.items():
            self.layer[name] = value

    def _forward(self, x: Array, training: bool) -> Array:
        self.layer.train(training)
        self.last = self._array(x), training, self._held()
        return np.moveaxis(_plain(self.layer(self.last[0])), -1, 1)

    def _held(self) -> dict[str, Any]:
        return {name: self.layer[name] for name in self.names}

    def _array(self, x: Array) -> Any:
        return mx.array(np.ascontiguousarray(np.moveaxis(x, 1, -1))).astype(self.dtype)


def _plain(value: Any) -> Array:
    return np.array(value.astype(mx.float32) if value.dtype == mx.bfloat16 else value)


def _make(config: Config) -> Layer:
    if config.momentum is None:
        raise NotImplementedError("the layer has no momentum None")
    c = config
    return Layer(nn.BatchNorm(c.channels, c.eps, c.momentum, c.affine, c.track), config)


def adapter() -> Implementation:
    """The Implementation, where mlx is installed."""
    return Implementation(
        name="mlx.nn",
        version=mx.__version__,
        make=_make,
        conventions=Conventions(),
        dtypes=("float32", "float16", "bfloat16"),
        ranks=(2, 3, 4),
        default=lambda: Layer(nn.BatchNorm(3), Config(channels=3, dtype="float32")),
        deviates={"an_infinite_input_does_not_poison_the_statistics": "inputs are not inspected"},
    )
