"""keras.layers.BatchNormalization on the torch back end of Keras 3, eagerly, on the CPU."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from bnref.conformance.adapters import _keras_layer
from bnref.conformance.implementation import Config, Implementation, State

Array = NDArray[Any]


class Layer:
    """The layer; gradients are those of autograd."""

    def __init__(self, config: Config, options: dict[str, Any]) -> None:
        self.layer = _keras_layer.built(config, options)
        self.variables = _keras_layer.variables(self.layer)
        self.dtype = getattr(torch, config.dtype)
        self.x, self.y = torch.empty(0), torch.empty(0)

    def train(self, x: Array) -> Array:
        return self._forward(x, training=True)

    def evaluate(self, x: Array) -> Array:
        return self._forward(x, training=False)

    def masked(self, x: Array, mask: Array) -> Array:
        return self._forward(x, training=True, mask=torch.from_numpy(mask))

    def backward(self, dy: Array) -> tuple[Array, ...]:
        own = [self.variables[n].value for n in ("weight", "bias") if n in self.variables]
        inputs = [value for value in (self.x, *own) if value.requires_grad]
        dx, *found = torch.autograd.grad(self.y, inputs, self._tensor(dy), retain_graph=True)
        found = found or [torch.zeros_like(value) for value in own]  # frozen
        return tuple(map(_array, [dx, *found, torch.empty(0), torch.empty(0)]))[:3]

    def state(self) -> State:
        return {name: _array(v.value.clone()) for name, v in self.variables.items()}

    def load(self, state: State) -> None:
        for name, value in state.items():
            self.variables[name].assign(np.asarray(value))

    def freeze(self) -> None:
        self.layer.trainable = False

    def _forward(self, x: Array, **how: Any) -> Array:
        self.x = self._tensor(x).requires_grad_()
        self.y = self.layer(self.x.movedim(1, -1), **how).movedim(-1, 1)
        return _array(self.y)

    def _tensor(self, x: Array) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(x)).to(self.dtype).detach()


def _array(value: torch.Tensor) -> Array:
    value = value.detach()
    return (value.float() if value.dtype == torch.bfloat16 else value).numpy()


def adapter() -> Implementation:
    """The Implementation, where keras is installed."""
    return _keras_layer.adapter("torch", torch, Layer)


def wide() -> Implementation:
    """The same with layers of dtype="float64"."""
    return _keras_layer.adapter("torch", torch, Layer, ("float64",))
