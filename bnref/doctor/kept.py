"""A model put back as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

DICTIONARIES = ("_parameters", "_buffers", "_modules", "_non_persistent_buffers_set")


@contextmanager
def kept(model: nn.Module) -> Iterator[Callable[[], None]]:
    """Yields a function that restores the model, and restores it and torch's random state at the end.

    Restored are the attributes of every module (which object each is) and the content of every tensor
    among parameters, buffers and plain attributes; not what changed inside a list or another object.
    """
    modules = [(module, dict(vars(module)), _dictionaries(module)) for module in model.modules()]
    tensors = {id(tensor): tensor for module, _, _ in modules for tensor in tensors_of(module)}
    contents = [
        (
            tensor,
            tensor.detach().clone(),
            tensor.grad if tensor.is_leaf else None,
            tensor.requires_grad,
        )
        for tensor in tensors.values()
    ]

    def restore() -> None:
        for module, attributes, dictionaries in modules:
            vars(module).clear()
            vars(module).update(attributes)
            for name, content in dictionaries.items():
                kept_one = vars(module)[name]
                kept_one.clear()
                kept_one.update(content)
        with torch.no_grad():
            for tensor, content, grad, requires_grad in contents:
                if not torch.equal(tensor, content):
                    tensor.copy_(content)
                if tensor.is_leaf:
                    tensor.requires_grad_(requires_grad)
                    tensor.grad = grad

    with torch.random.fork_rng(devices=[]):
        try:
            yield restore
        finally:
            restore()


def tensors_of(module: nn.Module) -> Iterator[Tensor]:
    """The tensors of one module: parameters, buffers, plain attributes."""
    for values in (module._parameters, module._buffers, vars(module)):
        yield from (value for value in values.values() if isinstance(value, Tensor))


def _dictionaries(module: nn.Module) -> dict[str, Any]:
    return {name: vars(module)[name].copy() for name in DICTIONARIES}
