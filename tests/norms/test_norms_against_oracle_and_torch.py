"""Each layer equals the oracle and its torch.nn twin: output, gradients, running statistics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from bnref.norms.batch_norm import BatchNorm
from bnref.norms.group_norm import GroupNorm
from bnref.norms.instance_norm import InstanceNorm
from bnref.norms.layer_norm import LayerNorm
from bnref.oracle import batch_norm as oracle
from bnref.oracle import group_norm as group_oracle

SHAPES = [(8, 6), (2, 6, 5), (3, 6, 4, 5), (2, 6, 2, 3, 4)]
TWINS = {2: nn.BatchNorm1d, 3: nn.BatchNorm1d, 4: nn.BatchNorm2d, 5: nn.BatchNorm3d}
CHANNELS_LAST = {4: torch.channels_last, 5: torch.channels_last_3d}
LAYOUTS = ("contiguous", "channels_last", "sliced", "offset", "transposed")
TOLERANCE = 1e-10


def draw(shape: tuple[int, ...], layout: str = "contiguous", seed: int = 0) -> Tensor:
    """Random values, the same for every layout, far enough from mean 0 and variance 1."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(shape, generator=generator, dtype=torch.float64) * 3 + 2
    match layout:
        case "channels_last" if x.dim() in CHANNELS_LAST:
            return x.contiguous(memory_format=CHANNELS_LAST[x.dim()])
        case "channels_last":  # the same order of memory for the ranks torch has no name for
            return x.movedim(1, -1).contiguous().movedim(-1, 1)
        case "sliced":
            wide = torch.full((*shape[:-1], 2 * shape[-1]), torch.nan, dtype=x.dtype)
            wide[..., ::2] = x
            return wide[..., ::2]
        case "offset":
            longer = torch.full((shape[0] + 1, *shape[1:]), torch.nan, dtype=x.dtype)
            longer[1:] = x
            return longer[1:]
        case "transposed":
            return x.transpose(0, -1).contiguous().transpose(0, -1)
    return x


def close(found: Tensor, expected: Any, what: str, tolerance: float = TOLERANCE) -> None:
    expected = torch.as_tensor(expected, dtype=found.dtype)
    assert found.shape == expected.shape, f"{what}: expected {expected.shape}, found {found.shape}"
    error = (found - expected).abs().max().item()
    assert error <= tolerance, (
        f"{what}: error {error} > {tolerance}\nexpected {expected}\nfound {found}"
    )


def step(layer: nn.Module, x: Tensor, dy: Tensor) -> dict[str, Tensor]:
    """One forward and backward pass: y, dx and, where there are parameters, dweight and dbias."""
    x = x.detach().requires_grad_()
    y = layer(x)
    layer.zero_grad()
    y.backward(dy)
    assert x.grad is not None
    grads = {f"d{name}": p.grad for name, p in layer.named_parameters() if p.grad is not None}
    return {"y": y.detach(), "dx": x.grad, **grads}


def randomise(layer: nn.Module) -> None:
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.normal_(generator=generator)


def parameters(layer: Any, channels: int) -> tuple[Any, Any]:
    if layer.weight is None:
        return torch.ones(channels).numpy(), torch.zeros(channels).numpy()
    return layer.weight.detach().numpy(), layer.bias.detach().numpy()


def compare(ours: nn.Module, twin: nn.Module, x: Tensor, dy: Tensor, expected: Any) -> None:
    """Ours against the oracle and against the twin; `expected` is y, dx, dweight, dbias."""
    found, native = step(ours, x, dy), step(twin, x, dy)
    for name, value in zip(("y", "dx", "dweight", "dbias"), expected, strict=True):
        if name in found:
            close(found[name], value, f"{name} against the oracle")
            close(found[name], native[name], f"{name} against torch")
    assert found.keys() == native.keys(), f"expected {native.keys()}, found {found.keys()}"


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"eps": 0.1, "momentum": 0.3},
        {"momentum": None},
        {"affine": False},
        {"track_running_stats": False},
    ],
    ids=str,
)
def test_batch_norm(shape: tuple[int, ...], layout: str, options: dict[str, Any]) -> None:
    channels = shape[1]
    ours, twin = BatchNorm(channels, **options).double(), TWINS[len(shape)](channels, **options)
    twin = twin.double()
    randomise(ours)
    twin.load_state_dict(ours.state_dict())
    weight, bias = parameters(ours, channels)
    batches = [draw(shape, layout, seed) for seed in range(3)]
    dy = draw(shape, seed=9)
    for x in batches:
        y, _, _ = oracle.forward(x.numpy(), weight, bias, ours.eps)
        compare(ours, twin, x, dy, (y, *oracle.backward(dy.numpy(), x.numpy(), weight, ours.eps)))
    if ours.track_running_stats:
        mean, var = oracle.running_statistics([x.numpy() for x in batches], ours.momentum)
        assert ours.running_mean is not None
        assert ours.running_var is not None
        close(ours.running_mean, mean, "running_mean")
        close(ours.running_var, var, "running_var")
    for name, buffer in twin.named_buffers():
        close(ours.get_buffer(name), buffer, f"{name} against torch")
    ours.eval()
    twin.eval()
    if ours.track_running_stats:
        y = oracle.evaluate(x.numpy(), mean, var, weight, bias, ours.eps)
        grads = oracle.evaluate_backward(dy.numpy(), x.numpy(), mean, var, weight, ours.eps)
        compare(ours, twin, x, dy, (y, *grads))
    else:
        compare(ours, twin, x, dy, (y, *oracle.backward(dy.numpy(), x.numpy(), weight, ours.eps)))


GROUPED: dict[str, tuple[Callable[..., GroupNorm], int]] = {
    "one group": (LayerNorm, 1),
    "groups of three": (lambda channels, **kw: GroupNorm(channels, 2, **kw), 2),
    "pairs": (lambda channels, **kw: GroupNorm(channels, 3, **kw), 3),
    "instances": (InstanceNorm, 6),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("options", [{}, {"eps": 0.1}, {"affine": False}], ids=str)
@pytest.mark.parametrize("kind", GROUPED)
def test_group_norm(
    kind: str, shape: tuple[int, ...], layout: str, options: dict[str, Any]
) -> None:
    build, groups = GROUPED[kind]
    ours = build(shape[1], **options).double()
    if len(shape) == 2 and groups == shape[1]:
        with pytest.raises(ValueError, match="more than one value"):
            ours(draw(shape))
        return
    twin = nn.GroupNorm(groups, shape[1], **options).double()
    randomise(ours)
    twin.load_state_dict(ours.state_dict())
    weight, bias = parameters(ours, shape[1])
    x, dy = draw(shape, layout), draw(shape, seed=9)
    y, _, _ = group_oracle.forward(x.numpy(), weight, bias, groups, ours.eps)
    grads = group_oracle.backward(dy.numpy(), x.numpy(), weight, groups, ours.eps)
    for mode in (True, False):
        compare(ours.train(mode), twin.train(mode), x, dy, (y, *grads))


@pytest.mark.parametrize("samples", [2, 3, 8])
def test_few_values_per_channel(samples: int) -> None:
    """The unbiased variance differs most from the biased one here: a factor of 2 at two values."""
    x = draw((samples, 4))
    layer = BatchNorm(4, momentum=1.0).double()
    layer(x)
    assert layer.running_var is not None
    close(layer.running_var, x.var(0, correction=1), f"running_var of {samples} values")


@pytest.mark.parametrize("ratio", [1.0, 1e2, 1e4])
@pytest.mark.parametrize("kind", ["batch", "group"])
def test_float32_is_as_good_as_its_input_allows(kind: str, ratio: float) -> None:
    """The input is rounded to ratio * eps; a one-pass variance would lose ratio^2 * eps."""
    x, dy = draw((16, 6, 5, 5)).float() + ratio, draw((16, 6, 5, 5), seed=9).float()
    layer = BatchNorm(6) if kind == "batch" else GroupNorm(6, 2)
    found = step(layer, x, dy)
    weight, bias = parameters(layer, 6)
    arrays = dy.numpy(), x.numpy(), weight
    if kind == "batch":
        expected = (oracle.forward(x.numpy(), weight, bias)[0], *oracle.backward(*arrays))
    else:
        y = group_oracle.forward(x.numpy(), weight, bias, 2)[0]
        expected = (y, *group_oracle.backward(*arrays, 2))
    for name, value in zip(("y", "dx", "dweight", "dbias"), expected, strict=True):
        bound = 16 * ratio * torch.finfo(torch.float32).eps * (1 + abs(value).max())
        close(found[name], value, name, bound)
