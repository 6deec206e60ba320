"""The layers compiled, and under torch.func, where that is possible; else the error that is meant."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

from bnref import norms

LAYERS = norms.names()
BROKEN_GRAPH = ("batch_renorm", "noisy_batch_norm")
"""Made outside of the graph: what must not be computed again in backward."""
OWN_EVALUATION = ("batch_norm", "lp_batch_norm")
"""Those whose evaluation is another code than their training, and not BatchNorm's."""
STATELESS = ("frozen_batch_norm", "identity", "rms_norm")
"""Under torch.func in training, too."""
WRITTEN_OUT = ("group_norm", "instance_norm", "layer_norm")
"""Their backward pass is not known to torch.func, in either mode."""


def draw(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(1), dtype=dtype) * 3 + 2


@pytest.mark.filterwarnings("ignore:The .grad attribute")  # torch's own, where a graph breaks
@pytest.mark.parametrize("name", LAYERS)
def test_compiled_as_eager(name: str) -> None:
    """One graph for each mode, but where a docstring says that it breaks."""
    eager = norms.get(name).build(6)
    layer = copy.deepcopy(eager)
    torch.compiler.reset()
    compiled = torch.compile(layer, backend="aot_eager", fullgraph=name not in BROKEN_GRAPH)
    x, dy = draw(5, 6, 3, dtype=torch.float32), draw(6, 5, 3, dtype=torch.float32).transpose(0, 1)
    x /= 2  # a variance of 2: no clip of batch renorm binds
    for mode in (True, False) if name in OWN_EVALUATION else (True,):
        results = []
        for call in (eager.train(mode), compiled.train(mode)):
            leaf = x.clone().requires_grad_()
            y = call(leaf)
            results.append([y, *torch.autograd.grad(y, [leaf, *call.parameters()], dy)])
        results[0] += eager.buffers()
        results[1] += layer.buffers()
        for expected, found in zip(*results, strict=True):
            error = (found - expected).abs().max()
            assert error <= 2e-5, f"{mode=}: {error=}\n{expected=}\n{found=}"


def loss(layer: nn.Module, parameters: dict[str, Tensor], x: Tensor) -> Tensor:
    y: Any = functional_call(layer, parameters, (x,))
    return (y**3 * torch.arange(y.numel()).view(y.shape)).sum()


@pytest.mark.parametrize("name", [name for name in LAYERS if name not in WRITTEN_OUT])
def test_gradients_per_sample_in_evaluation(name: str) -> None:
    layer = norms.get(name).build(6).double()
    layer(draw(8, 6, 3))
    layer.eval()
    parameters, x = dict(layer.named_parameters()), draw(4, 6, 3)
    both = grad(lambda p, one: loss(layer, p, one[None]), argnums=(0, 1))
    found = vmap(both, in_dims=(None, 0))(parameters, x)
    for i, one in enumerate(x):
        leaf = one.clone().requires_grad_()
        value = loss(layer, parameters, leaf[None])
        expected = torch.autograd.grad(value, [leaf, *parameters.values()])
        mine = [found[1][i], *(found[0][key][i] for key in parameters)]
        for f, e in zip(mine, expected, strict=True):
            assert torch.allclose(f, e, rtol=1e-10, atol=1e-10), f"expected {e}, found {f}"


@pytest.mark.parametrize("name", LAYERS)
def test_training_under_torch_func_works_or_says_no_and_moves_nothing(name: str) -> None:
    layer, x = norms.get(name).build(6).double(), draw(8, 6, 3)
    parameters = dict(layer.named_parameters())
    before = copy.deepcopy(layer.state_dict())
    if name in STATELESS:
        found = grad(lambda one: loss(layer, parameters, one))(x)
        leaf = x.clone().requires_grad_()
        (expected,) = torch.autograd.grad(loss(layer, parameters, leaf), leaf)
        assert torch.allclose(found, expected, rtol=1e-10), f"{expected=}\n{found=}"
    else:
        with pytest.raises(RuntimeError, match=r"functorch transforms|in-place"):
            grad(lambda one: loss(layer, parameters, one))(x)
    for key, value in layer.state_dict().items():
        assert torch.equal(value, before[key]), f"{key}: expected {before[key]}, found {value}"


@pytest.mark.parametrize("name", ["ghost_batch_norm", "stop_gradient_batch_norm"])
def test_training_under_torch_func_without_buffers(name: str) -> None:
    build: Any = norms.get(name).build
    layer, x = build(6, track_running_stats=False).double(), draw(8, 6, 3)
    parameters = dict(layer.named_parameters())
    found = vmap(grad(lambda one: loss(layer, parameters, one)))(torch.stack([x, x * 2]))
    leaf = (x * 2).requires_grad_()
    (expected,) = torch.autograd.grad(loss(layer, parameters, leaf), leaf)
    assert torch.allclose(found[1], expected, rtol=1e-9, atol=1e-9), f"{expected=}\n{found[1]=}"
