"""What the JAX libraries share: their layer is a pure function, run here under jax.jit.

`step(channels, options, training, parameters, statistics, x, mask)` returns y and the statistics,
with x (N, ..., C) and dictionaries under the kit's names. Where `TRACED`, numbers among the options,
momentum and eps, are arguments of the compiled function: else compiling takes most of the time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bnref.conformance.adapters._framework import Framework
from bnref.conformance.implementation import Config, State

jax = Framework("jax")
jnp = Framework("jax.numpy")

Array = NDArray[Any]
Step = Callable[..., tuple[Any, dict[str, Any]]]
Options = tuple[tuple[str, Any], ...]
PATIENCE = 60.0
"""Seconds for a check: compiling its layers takes up to 4 s here, and the machine may be busy."""


class Layer:
    """The parameters and statistics of a pure function, in float64 or float32 as the input is."""

    TRACED = True

    def __init__(self, step: Step, config: Config, **options: Any) -> None:
        jax.config.update("jax_enable_x64", True)
        self.wide = "float64" if config.dtype == "float64" else "float32"
        self.dtype = getattr(jnp, config.dtype)
        ones, zeros = np.ones(config.channels), np.zeros(config.channels)
        self.parameters: dict[str, Any] = {}
        self.statistics: dict[str, Any] = {}
        self.load({"running_mean": zeros, "running_var": ones})
        if config.affine:
            self.load({"weight": ones, "bias": zeros})
        self.numbers = {n: v for n, v in options.items() if self.TRACED and isinstance(v, float)}
        fixed = tuple((name, v) for name, v in options.items() if name not in self.numbers)
        self.compiled = partial(_compiled, step, config.channels, fixed)
        self.last: tuple[Any, ...] = ()

    def train(self, x: Array) -> Array:
        return self._forward(x, True)

    def evaluate(self, x: Array) -> Array:
        return self._forward(x, False)

    def backward(self, dy: Array) -> tuple[Array, ...]:
        training, *inputs = self.last
        return self._gradients(self.call("backward", training, *inputs, self.array(dy)))

    def state(self) -> State:
        return {name: np.array(v) for name, v in (self.parameters | self.statistics).items()}

    def load(self, state: State) -> None:
        for name, value in state.items():
            home = self.parameters if name in ("weight", "bias") else self.statistics
            home[name] = jnp.array(np.asarray(value, self.wide))

    def double_backward(self, x: Array, dy: Array, v: Array, training: bool) -> tuple[Array, Array]:
        arrays = map(self.array, (x, dy, v))
        found = self.call("twice", training, self.parameters, self.statistics, *arrays)
        return self.plain(found[0]), self.plain(found[1])

    def per_sample(self, x: Array, dy: Array) -> tuple[Array, Array]:
        arrays = map(self.array, (x, dy))
        found = self.call("per_sample", False, self.parameters, self.statistics, *arrays)
        return np.array(found["weight"]), np.array(found["bias"])

    def call(self, what: str, training: bool, *arrays: Any) -> Any:
        """One of the compiled functions."""
        return self.compiled(what, training)(self.numbers, *arrays)

    def array(self, x: Array) -> Any:
        """As the library has it: of the input's type, channels last."""
        return jnp.array(np.moveaxis(x, 1, -1)).astype(self.dtype)

    def plain(self, y: Any) -> Array:
        """As the kit has it."""
        wide = y.astype(jnp.float32) if y.dtype == jnp.bfloat16 else y
        return np.moveaxis(np.array(wide), -1, 1)

    def _forward(self, x: Array, training: bool, mask: Array | None = None) -> Array:
        inputs = self.parameters, self.statistics, self.array(x)
        self.last = training, *inputs
        y, self.statistics = self.call("forward", training, *inputs, mask)
        return self.plain(y)

    def _gradients(self, found: Any) -> tuple[Array, ...]:
        parameters, dx = found
        nothing = np.zeros(0)
        pair = (np.array(parameters.get(name, nothing)) for name in ("weight", "bias"))
        return self.plain(dx), *pair


@cache
def _compiled(step: Step, channels: int, options: Options, what: str, training: bool) -> Any:
    """One of the functions below of one layer, jitted: layers made alike share it."""

    def forward(numbers: Any, parameters: Any, statistics: Any, x: Any, mask: Any = None) -> Any:
        given = dict(options) | numbers
        return step(channels, given, training, parameters, statistics, x, mask)

    def backward(numbers: Any, parameters: Any, statistics: Any, x: Any, dy: Any) -> Any:
        def output(parameters: Any, x: Any) -> Any:
            return forward(numbers, parameters, statistics, x)[0]

        return jax.vjp(output, parameters, x)[1](dy)

    def twice(numbers: Any, parameters: Any, statistics: Any, x: Any, dy: Any, v: Any) -> Any:
        def inner(x: Any, dy: Any) -> Any:
            return (backward(numbers, parameters, statistics, x, dy)[1] * v).sum()

        return jax.grad(inner, (0, 1))(x, dy)

    def per_sample(numbers: Any, parameters: Any, statistics: Any, x: Any, dy: Any) -> Any:
        def one(x: Any, dy: Any) -> Any:
            return backward(numbers, parameters, statistics, x[None], dy[None])[0]

        return jax.vmap(one)(x, dy)

    functions = (forward, backward, twice, per_sample)
    return jax.jit(next(f for f in functions if f.__name__ == what))
