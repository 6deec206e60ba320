"""What the layers promise beyond their formula: derivatives, errors, buffers, memory, precision."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from bnref import norms
from bnref.norms.batch_norm import BatchNorm
from bnref.norms.group_norm import GroupNorm, default_groups

LAYERS = norms.names()
OTHER_GRADIENT = ("batch_renorm", "stop_gradient_batch_norm")
"""Their gradient is by design not that of their training pass: see the test against the oracle."""

SAME_EVALUATION = (
    *("batch_renorm", "debiased_batch_norm", "ghost_batch_norm", "noisy_batch_norm"),
    *("stop_gradient_batch_norm", "sync_batch_norm"),
)
"""They evaluate by BatchNorm's own code, whose derivatives are tested once."""


def draw(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(1), dtype=dtype)


def state(layer: nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in layer.state_dict().items()}


def same(found: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    assert found.keys() == expected.keys(), f"expected {expected.keys()}, found {found.keys()}"
    for name, value in expected.items():
        assert torch.equal(found[name], value), f"{name}: expected {value}, found {found[name]}"


@pytest.mark.parametrize(
    ("name", "training"),
    [
        *((name, True) for name in LAYERS if name not in OTHER_GRADIENT),
        *((name, False) for name in LAYERS if name not in SAME_EVALUATION),
    ],
)
@pytest.mark.parametrize("shape", [(3, 4, 2), (2, 4, 2, 2)], ids=str)
def test_first_and_second_derivatives(name: str, training: bool, shape: tuple[int, ...]) -> None:
    layer = norms.get(name).build(4).double().train(training)
    noise = getattr(layer, "generator", torch.Generator())
    inputs = [draw(*shape).requires_grad_(), *(p for p in layer.parameters())]
    names = [n for n, _ in layer.named_parameters()]

    def call(x: Tensor, *values: Tensor) -> Any:
        replaced = dict(zip(names, values, strict=True))
        noise.manual_seed(3)  # the same noise each time, where there is any
        return torch.func.functional_call(layer, replaced, (x,))

    assert torch.autograd.gradcheck(call, inputs), "expected equal gradients"
    assert torch.autograd.gradgradcheck(call, inputs), "expected equal second derivatives"


@pytest.mark.parametrize("shape", [(1, 4), (1, 4, 1, 1), (0, 4, 2, 2), (2, 3), (4,)], ids=str)
def test_a_refused_batch_leaves_the_buffers_alone(shape: tuple[int, ...]) -> None:
    layer = BatchNorm(4, momentum=0.5)
    layer(draw(5, 4, dtype=torch.float32))
    before = state(layer)
    with pytest.raises(ValueError, match="expected") as caught:
        layer(torch.ones(shape))
    assert str(shape) in str(caught.value), f"expected the shape {shape}, found {caught.value}"
    same(state(layer), before)


def test_one_value_is_enough_in_evaluation() -> None:
    y = BatchNorm(4).eval()(torch.ones(1, 4))
    expected = torch.full((1, 4), (1 + 1e-5) ** -0.5)
    assert torch.allclose(y, expected), f"expected {expected}, found {y}"


@pytest.mark.parametrize("name", ["group_norm", "layer_norm", "instance_norm"])
def test_one_value_per_group_is_refused(name: str) -> None:
    channels = 1 if name != "instance_norm" else 4
    with pytest.raises(ValueError, match="more than one value per group"):
        norms.get(name).build(channels)(torch.ones(8, channels, 1, 1))


@pytest.mark.parametrize("groups", [0, -1, 4])
def test_groups_divide_channels(groups: int) -> None:
    with pytest.raises(ValueError, match=f"divide 6 channels, found {groups}"):
        GroupNorm(6, groups)


def test_default_groups() -> None:
    channels = (1, 2, 3, 6, 12, 16, 32, 48, 64, 256)
    found = tuple(default_groups(c) for c in channels)
    expected = (1, 1, 1, 1, 2, 8, 16, 8, 32, 32)
    assert found == expected, f"{expected=}, {found=}"


@pytest.mark.parametrize("layout", ["channels_last", "contiguous"])
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("name", LAYERS)
def test_the_memory_format_is_kept(name: str, training: bool, layout: str) -> None:
    layout_of = {"channels_last": torch.channels_last, "contiguous": torch.contiguous_format}
    layer = norms.get(name).build(4).double().train(training)
    x = draw(2, 4, 3, 5).contiguous(memory_format=layout_of[layout]).requires_grad_()
    y = layer(x)
    (dx,) = torch.autograd.grad(y, x, torch.randn_like(y))
    assert y.stride() == x.stride(), f"y: expected {x.stride()}, found {y.stride()}"
    assert dx.stride() == x.stride(), f"dx: expected {x.stride()}, found {dx.stride()}"


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize("name", LAYERS)
def test_half_input_is_normalised_in_float32(name: str, dtype: torch.dtype) -> None:
    """Squares of 300 overflow float16; the output is the float32 one, rounded once."""
    layer = norms.get(name).build(4)
    twin = copy.deepcopy(layer)
    x = (300 * draw(8, 4, 3, 3)).to(dtype)
    found, expected = layer(x), twin(x.float()).to(dtype)
    assert found.dtype == dtype, f"expected {dtype}, found {found.dtype}"
    assert torch.equal(found, expected), f"{expected=}\n{found=}"
    same(state(layer), state(twin))


@pytest.mark.parametrize("name", LAYERS)
def test_autocast_does_not_lower_the_precision(name: str) -> None:
    layer, x = norms.get(name).build(4), draw(8, 4, 3, 3, dtype=torch.float32)
    expected = copy.deepcopy(layer)(x)
    with torch.autocast("cpu", torch.bfloat16):
        found = layer(x)
    assert torch.equal(found, expected), f"{expected=}\n{found=}"


@pytest.mark.parametrize("name", LAYERS)
def test_no_graph_without_grad(name: str) -> None:
    layer = norms.get(name).build(4)
    with torch.no_grad():
        y = layer(draw(8, 4, 3, 3, dtype=torch.float32))
    assert not y.requires_grad, f"expected no graph, found {y.grad_fn}"
    assert not any(b.requires_grad for b in layer.buffers()), "expected buffers without a graph"


def test_buffers_move_in_place_and_only_in_training() -> None:
    layer, x = BatchNorm(4), draw(8, 4, dtype=torch.float32)
    addresses = [buffer.data_ptr() for buffer in layer.buffers()]
    layer(x)
    layer(x.requires_grad_())
    found = [buffer.data_ptr() for buffer in layer.buffers()]
    assert found == addresses, f"expected {addresses}, found {found}"
    assert layer.num_batches_tracked == 2, f"expected 2, found {layer.num_batches_tracked}"
    before = state(layer)
    layer.eval()(x)
    same(state(layer), before)
    layer.reset_running_stats()
    same(state(layer), state(BatchNorm(4)))


@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
def test_a_backward_pass_survives_a_later_training_batch(training: bool) -> None:
    layer, x = BatchNorm(4).double(), draw(8, 4).requires_grad_()
    first = layer.train(training)(x)
    inputs, dy = (x, *layer.parameters()), x.detach() ** 2
    expected = torch.autograd.grad(first, inputs, dy, retain_graph=True)
    layer.train()(x * 5)
    found = torch.autograd.grad(first, inputs, dy)
    assert all(map(torch.equal, found, expected)), f"{expected=}\n{found=}"


def test_the_state_dict_is_that_of_torch() -> None:
    ours, twin = BatchNorm(4), nn.BatchNorm2d(4)
    twin(draw(3, 4, 2, 2, dtype=torch.float32))
    ours.load_state_dict(twin.state_dict())
    same(state(ours), state(twin))
    same(state(copy.deepcopy(ours)), state(twin))
    found = ours.double().running_var
    assert found is not None
    assert found.dtype == torch.float64, f"expected float64, found {found.dtype}"


def test_a_constant_channel_becomes_its_bias() -> None:
    layer = BatchNorm(3)
    nn.init.constant_(layer.bias, 0.5)  # type: ignore[arg-type]
    y = layer(torch.full((4, 3, 2, 2), 7.0))
    assert torch.equal(y, torch.full_like(y, 0.5)), f"expected 0.5 everywhere, found {y}"


def test_identity_returns_its_input() -> None:
    x = draw(2, 3)
    found = norms.get("identity").build(3)(x)
    assert found is x, f"expected the input itself, found {found}"
