"""A layer of an implementation, watched: every answer is looked at before a check sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bnref.conformance.floats import Array, carrier
from bnref.conformance.implementation import METHODS, Config
from bnref.conformance.script import Script

STATISTICS = ("running_mean", "running_var")


class NotApplicable(Exception):
    """The implementation does not offer what the check asks about; the message says what."""


class Broken(Exception):
    """The adapter gave no answer that can be judged: it raised, or returned what is no result."""

    def __init__(self, found: str, expected: str) -> None:
        super().__init__(found)
        self.expected = expected


class Watched:
    """A layer of the implementation. Its answers are arrays of the right shape and type, or Broken.

    `attempt` returns what was raised instead, for checks that are about errors.
    """

    def __init__(self, layer: Any, config: Config, name: str, script: Script) -> None:
        self._layer, self.config, self._name, self._script = layer, config, name, script
        self._shape: tuple[int, ...] = ()

    def has(self, method: str) -> bool:
        return callable(getattr(self._layer, method, None))

    def attempt(self, method: str, *arguments: Any) -> tuple[Any, Exception | None]:
        """What the method returned, unchecked, or the exception that it raised."""
        self._script.call(self._name, method, arguments)
        try:
            return getattr(self._layer, method)(*arguments), None
        except Exception as error:
            return None, error

    def call(self, method: str, *arguments: Any) -> Any:
        """What the method returned, unchecked; NotApplicable where there is no such method."""
        if not self.has(method):
            raise NotApplicable(f"the layer has no {method}{METHODS[method]}")
        value, error = self.attempt(method, *arguments)
        if isinstance(error, NotImplementedError):
            raise NotApplicable(f"{method}: {line(error)}")
        if error is not None:
            raise Broken(
                f"{method} raised {type(error).__name__}: {line(error)}",
                f"{method}{METHODS[method]}",
            ) from error
        return value

    def train(self, x: Array) -> Array:
        self._shape = x.shape
        return self.values("train", self.call("train", x), x.shape)

    def evaluate(self, x: Array) -> Array:
        self._shape = x.shape
        return self.values("evaluate", self.call("evaluate", x), x.shape)

    def backward(self, dy: Array) -> tuple[Array, Array, Array]:
        return self.gradients("backward", self.call("backward", dy), dy.shape)

    def state(self) -> dict[str, Array]:
        """The state, with finite arrays (C,) under the names that the kit knows."""
        state = self.call("state")
        if not isinstance(state, Mapping):
            raise Broken(f"state returned a {type(state).__name__}", "state returns a mapping")
        found = {name: np.array(value) for name, value in state.items()}
        for name in {"weight", "bias", *STATISTICS} & set(found):
            self._finite("state", name, found[name], (self.config.channels,))
        return found

    def statistics(self) -> tuple[Array, Array]:
        """running_mean and running_var; NotApplicable for a layer that keeps none."""
        state = self.state()
        for name in STATISTICS:
            if name not in state:
                raise NotApplicable(f"the state has no {name}")
        return state["running_mean"], state["running_var"]

    def load(self, **state: Array) -> None:
        self.call("load", state)

    def gradients(
        self, method: str, value: Any, shape: tuple[int, ...]
    ) -> tuple[Array, Array, Array]:
        """dx, dweight and dbias that a method returned."""
        if not isinstance(value, tuple | list) or len(value) != 3:
            raise Broken(
                f"{method} returned {_kind(value)}", f"{method} returns dx, dweight, dbias"
            )
        dx = self.values(method, value[0], shape, "dx")
        if not self.config.affine:
            return dx, np.zeros(shape[1]), np.zeros(shape[1])
        for name, gradient in zip(("dweight", "dbias"), value[1:], strict=True):
            self._finite(method, name, gradient, (shape[1],))
        return dx, np.asarray(value[1]), np.asarray(value[2])

    def values(self, method: str, value: Any, shape: tuple[int, ...], name: str = "y") -> Array:
        """An array like the input that a method returned."""
        self._finite(method, name, value, shape)
        expected = carrier(self.config.dtype)
        if value.dtype != expected:
            raise Broken(f"{method}: {name} is {value.dtype}", f"{name} of the input's {expected}")
        return value

    def _finite(self, method: str, name: str, value: Any, shape: tuple[int, ...]) -> None:
        if not isinstance(value, np.ndarray):
            raise Broken(f"{method}: {name} is a {_kind(value)}", f"{name} is a NumPy array")
        if value.shape != shape:
            raise Broken(f"{method}: {name} has shape {value.shape}", f"{name} of shape {shape}")
        if value.dtype.kind != "f":
            raise Broken(f"{method}: {name} is {value.dtype}", f"{name} of a floating type")
        bad = ~np.isfinite(value)
        if bad.any():
            what = "NaN" if np.isnan(value[bad]).any() else "infinite"
            raise Broken(
                f"{method}: {name} is {what} at {bad.sum()} of {bad.size} places",
                f"{name} is finite, as its input is",
            )


def line(error: Exception) -> str:
    """What was raised, in one line."""
    return " ".join(str(error).split())[:300]


def _kind(value: Any) -> str:
    size = f" of {len(value)}" if isinstance(value, tuple | list) else ""
    return f"{type(value).__name__}{size}"
