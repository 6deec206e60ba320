"""Any `torch.nn.Module` that normalises as torch.nn.BatchNorm does, as an adapter.

    ADAPTER = adapter("mine", lambda c: MyBatchNorm(c.channels, c.eps, c.momentum))

`build` gets a Config and returns the module, with float32 parameters. The kit moves it to the type
of the input, float32 for half inputs, and finds its parameters and buffers by torch's names.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap
from torch.utils.checkpoint import checkpoint

from bnref.conformance.implementation import Config, Conventions, Implementation, State

Array = NDArray[Any]
TORCH = Conventions(momentum=0.1, eps=1e-5, running_variance="unbiased", one_value="raises")
"""What torch.nn does, and modules in its place usually do."""


class Layer:
    """A module behind NumPy arrays; memory is shared where the types are the same."""

    def __init__(self, module: nn.Module, config: Config) -> None:
        wide = torch.float64 if config.dtype == "float64" else torch.float32
        self.module, self.dtype = module.to(wide), getattr(torch, config.dtype)
        self.x, self.y = torch.empty(0), torch.empty(0)

    def train(self, x: Array) -> Array:
        return self._forward(x, training=True)

    def evaluate(self, x: Array) -> Array:
        return self._forward(x, training=False)

    def backward(self, dy: Array) -> tuple[Array, ...]:
        inputs = [self.x, *self._parameters()]
        found = torch.autograd.grad(self.y, inputs, self.tensor(dy), retain_graph=True)
        return tuple(map(_array, [*found, torch.empty(0), torch.empty(0)]))[:3]

    def state(self) -> State:
        return {name: _array(value.clone()) for name, value in self.module.state_dict().items()}

    def load(self, state: State) -> None:
        tensors = {name: torch.from_numpy(value) for name, value in state.items()}
        self.module.load_state_dict(tensors, strict=False)

    def reset(self) -> None:
        _method(self.module, "reset_running_stats")()

    def freeze(self) -> None:
        _method(self.module, "freeze")()

    def double_backward(self, x: Array, dy: Array, v: Array, training: bool) -> tuple[Array, Array]:
        self._forward(x, training)
        cotangent = self.tensor(dy).requires_grad_()
        (dx,) = torch.autograd.grad(self.y, self.x, cotangent, create_graph=True)
        inner = (dx * self.tensor(v)).sum()
        inputs = (self.x, cotangent)
        found = torch.autograd.grad(inner, inputs, allow_unused=True, materialize_grads=True)
        return _array(found[0]), _array(found[1])

    def triple_backward(self, x: Array, dy: Array, v: Array, w: Array, training: bool) -> Array:
        self._forward(x, training)
        value, cotangent = self.y, self.tensor(dy).requires_grad_()
        for factor in (cotangent, self.tensor(v), self.tensor(w)):
            if not value.requires_grad:
                return np.zeros_like(x)
            (value,) = torch.autograd.grad(
                value, self.x, factor, create_graph=True, allow_unused=True, materialize_grads=True
            )
        return _array(value)

    def checkpointed(self, x: Array, dy: Array) -> tuple[Array, ...]:
        self.module.train()
        self.x = self.tensor(x).requires_grad_()
        one = torch.ones((), dtype=self.dtype, requires_grad=True)
        # Something follows in the block: else its recomputation stops before the end of the layer.
        self.y = checkpoint(lambda x: self.module(x) * one, self.x, use_reentrant=False)
        return self.backward(dy)

    def per_sample(self, x: Array, dy: Array) -> tuple[Array, Array]:
        self.module.eval()
        parameters: dict[str, Tensor] = dict(self.module.named_parameters())

        def inner(parameters: dict[str, Tensor], x: Tensor, dy: Tensor) -> Tensor:
            return (functional_call(self.module, parameters, (x[None],)) * dy).sum()

        samples = self.tensor(x), self.tensor(dy)
        found = vmap(grad(inner), in_dims=(None, 0, 0))(parameters, *samples)
        return _array(found["weight"]), _array(found["bias"])

    def compile(self) -> None:
        torch._dynamo.config.recompile_limit = torch._dynamo.config.accumulated_recompile_limit = (
            10**5
        )
        logging.getLogger("torch._dynamo").setLevel(logging.ERROR)  # graphs in parts are no news
        # Captured and decomposed as for the machine, and run without being compiled to its code.
        self.module.compile(backend="aot_eager_decomp_partition", dynamic=False)

    def addresses(self) -> dict[str, int]:
        return {name: value.data_ptr() for name, value in self.module.named_buffers()}

    def alias(self) -> None:
        module: Any = self.module
        module.running_mean, module.running_var = module.bias.data, module.weight.data

    def tensor(self, x: Array) -> Tensor:
        """The array as a tensor of the layer's input type, in the same memory layout."""
        return torch.from_numpy(x).detach().to(self.dtype)

    def _forward(self, x: Array, training: bool) -> Array:
        self.module.train(training)
        self.x = self.tensor(x).requires_grad_()
        self.y = self.module(self.x)
        return _array(self.y)

    def _parameters(self) -> list[Tensor]:
        module: Any = self.module
        return [] if module.weight is None else [module.weight, module.bias]


def adapter(
    name: str,
    build: Callable[[Config], nn.Module],
    *,
    version: str = torch.__version__,
    layer: Callable[[nn.Module, Config], Layer] = Layer,
    conventions: Conventions = TORCH,
    dtypes: tuple[str, ...] = ("float64", "float32", "float16", "bfloat16"),
    ranks: tuple[int, ...] = (2, 3, 4, 5),
    default: Callable[[], nn.Module] | None = None,
    deviates: Mapping[str, str] | None = None,
) -> Implementation:
    """The Implementation of a module. `default` builds one of 3 channels without momentum or eps."""
    simple = Config(channels=3, dtype="float32")
    return Implementation(
        name=name,
        version=str(version),
        make=lambda config: layer(build(config), config),
        conventions=conventions,
        dtypes=dtypes,
        ranks=ranks,
        strides=True,
        default=default and (lambda: layer(default(), simple)),
        deviates=deviates or {},
    )


def _array(value: Tensor) -> Array:
    value = value.detach()
    return (value.float() if value.dtype == torch.bfloat16 else value).numpy()


def _method(module: nn.Module, name: str) -> Callable[[], Any]:
    found = getattr(module, name, None)
    if not callable(found):
        raise NotImplementedError(f"{type(module).__name__} has no {name}")
    return found
