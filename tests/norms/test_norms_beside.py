"""What stands beside a normaliser: standardised weights, SkipInit, population statistics, folding."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from bnref.norms.batch_norm import BatchNorm
from bnref.norms.beside.fold import fold, fold_sequential
from bnref.norms.beside.population import reestimate
from bnref.norms.beside.skip_init import SkipInit
from bnref.norms.beside.weight_standardisation import StandardisedConv2d, standardise
from bnref.norms.frozen_batch_norm import FrozenBatchNorm
from bnref.norms.group_norm import GroupNorm
from bnref.oracle import population as population_oracle
from bnref.oracle import weight_standardisation as ws_oracle


def draw(*shape: int, seed: int = 0) -> Tensor:
    x = torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return x * 3 + 2


def close(found: Any, expected: Any, tolerance: float = 1e-10) -> None:
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape, f"expected {expected.shape}, found {found.shape}"
    error = np.abs(found - expected).max(initial=0)
    assert error <= tolerance, f"{error=} > {tolerance}\n{expected=}\n{found=}"


def same_state(model: nn.Module, before: dict[str, Tensor]) -> None:
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), f"{name}: expected {before[name]}, found {value}"


# ---------------------------------------------------------------------- weight standardisation


@pytest.mark.parametrize("shape", [(5, 7), (4, 3, 3), (6, 2, 3, 2), (3, 1, 2, 2, 2)], ids=str)
def test_standardise(shape: tuple[int, ...]) -> None:
    w, dy = draw(*shape).requires_grad_(), draw(*shape, seed=1)
    found = standardise(w, 1e-2)
    (dw,) = torch.autograd.grad(found, w, dy)
    close(found.detach(), ws_oracle.forward(w.detach(), 1e-2))
    close(dw, ws_oracle.backward(dy, w.detach(), 1e-2))
    assert torch.autograd.gradgradcheck(standardise, w), "expected equal second derivatives"
    exact = standardise(w, 0.0).detach()
    close(standardise(5 * w.detach() + 3, 0.0), exact)
    close(exact.flatten(1).sum(1), torch.zeros(shape[0]))
    each = torch.func.vmap(standardise)(torch.stack([w.detach(), 2 * w.detach()]))
    close(each[1], standardise(2 * w.detach()))


def test_one_weight_per_output_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"two or more weights per output, found weights \(4, 1, 1"
    ):
        standardise(torch.ones(4, 1, 1, 1))


def test_the_standardised_convolution() -> None:
    torch.manual_seed(0)
    layer = StandardisedConv2d(4, 6, 3, padding=1, groups=2, stride=2)
    plain = nn.Conv2d(4, 6, 3, padding=1, groups=2, stride=2)
    plain.load_state_dict(layer.state_dict())
    x = draw(2, 4, 5, 5).float()
    with torch.no_grad():
        plain.weight.copy_(standardise(layer.weight))
        assert torch.equal(layer(x), plain(x)), "expected a convolution by standardised weights"
        assert standardise(layer.weight.half()).dtype == torch.float16
        with torch.autocast("cpu", torch.bfloat16):
            found = standardise(layer.weight)
        assert torch.equal(found, standardise(layer.weight)), "expected float32 under autocast"


# ------------------------------------------------------------------------------------ SkipInit


def test_skip_init() -> None:
    branch, x = nn.Linear(4, 4).double(), draw(3, 4).requires_grad_()
    block = SkipInit(branch).double()
    assert torch.equal(block(x), x), "expected the identity at alpha = 0"
    dy = draw(3, 4, seed=1)
    block(x).backward(dy)
    assert block.alpha.grad is not None
    assert branch.weight.grad is not None
    close(block.alpha.grad, (dy * branch(x)).sum().detach())
    close(branch.weight.grad, torch.zeros(4, 4))
    wide = SkipInit(nn.Linear(4, 2), 0.5, shortcut=nn.Linear(4, 2)).double()
    close(wide(x).detach(), (wide.shortcut(x) + 0.5 * wide.branch(x)).detach())


# ----------------------------------------------------------------------- population statistics

FORMULAS: dict[Any, Callable[..., Any]] = {
    "total variance": population_oracle.total_variance,
    "mean of variances": population_oracle.mean_of_variances,
}


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("sizes", [(4, 4, 4), (2, 9, 3)], ids=str)
@pytest.mark.parametrize("build", [BatchNorm, nn.BatchNorm1d], ids=["ours", "torch"])
def test_statistics_of_a_population(build: Any, sizes: tuple[int, ...], formula: Any) -> None:
    layer = build(3).double()
    layer(draw(5, 3, 2))
    addresses = [b.data_ptr() for b in layer.buffers()]
    batches = [draw(n, 3, 2, seed=n) * 1e-2 + 1e3 for n in sizes]
    reestimate(layer, batches, formula)
    mean, var = FORMULAS[formula](batches)
    close(layer.running_mean, mean, 1e-9)
    close(layer.running_var, var, 1e-9)
    assert layer.num_batches_tracked == 1, "expected the count of training batches as it was"
    assert [b.data_ptr() for b in layer.buffers()] == addresses, "expected buffers moved in place"
    assert layer.training, "expected the mode as it was"


def test_the_total_variance_does_not_depend_on_how_data_is_divided() -> None:
    data, found = draw(24, 3).sort(0).values, []
    for size in (2, 4, 5, 24):
        layer = BatchNorm(3).double()
        reestimate(layer, [b for b in data.split(size) if len(b) > 1])
        found.append(layer.running_var)
        expected = data.var(0, correction=0)
        assert size == 5 or torch.allclose(found[-1], expected), f"{expected=}, {found[-1]=}"
    reestimate(layer, data.split(2), "mean of variances")
    assert (layer.running_var < 0.2 * expected).all(), "sorted batches hide most of the variance"


def net() -> nn.Sequential:
    torch.manual_seed(0)
    first, second = nn.Linear(4, 5), nn.Linear(5, 3)
    layers = [first, BatchNorm(5), nn.Dropout(0.5), second, nn.BatchNorm1d(3), FrozenBatchNorm(3)]
    return nn.Sequential(*layers).double()


def test_all_layers_of_a_model_in_one_pass() -> None:
    model, x = net(), draw(12, 4)
    model[1].eval()
    frozen, modes = copy.deepcopy(model[5].state_dict()), [m.training for m in model.modules()]
    weights = [p.clone() for p in model.parameters()]
    reestimate(model, x.split(6))
    hidden = [model[0](b) for b in x.split(6)]
    close(model[1].running_var, torch.cat(hidden).var(0, correction=0).detach())
    twin = BatchNorm(5).double()  # the second layer saw normalised batches, without dropout
    later = torch.cat([model[3](twin(h)) for h in hidden]).detach()
    close(model[4].running_mean, later.mean(0), 1e-9)
    same_state(model[5], frozen)
    assert [m.training for m in model.modules()] == modes, "expected the modes as they were"
    assert all(map(torch.equal, weights, model.parameters())), "expected the weights as they were"
    assert not any(m._forward_pre_hooks for m in model.modules()), "expected no hook left"


def broken_batches() -> Any:
    yield draw(6, 4)
    raise OSError("the disk")


NAN = torch.full((6, 4), torch.nan, dtype=torch.float64)


@pytest.mark.parametrize(
    ("batches", "error", "reason"),
    [
        (broken_batches, OSError, "the disk"),
        (lambda: [draw(6, 4), draw(6, 9)], RuntimeError, "shapes cannot be multiplied"),
        (lambda: [draw(6, 4), draw(1, 4)], ValueError, "more than one value per channel"),
        (list, ValueError, "1 saw no batch"),
        (lambda: [draw(6, 4), NAN], ValueError, "no finite mean"),
    ],
    ids=range(5),
)
def test_a_model_is_as_before_when_anything_fails(batches: Any, error: Any, reason: str) -> None:
    model = net()
    model(draw(6, 4))
    model.eval()
    model[2].train()
    before, modes = copy.deepcopy(model.state_dict()), [m.training for m in model.modules()]
    with pytest.raises(error, match=reason):
        reestimate(model, batches())
    same_state(model, before)
    assert [m.training for m in model.modules()] == modes, "expected the modes as they were"
    assert not any(m._forward_pre_hooks for m in model.modules()), "expected no hook left"


def test_nothing_to_estimate() -> None:
    with pytest.raises(ValueError, match="a model with running statistics"):
        reestimate(GroupNorm(4, 2), [draw(2, 4)])
    formula: Literal["total variance"] = "median"  # type: ignore[assignment]
    with pytest.raises(ValueError, match="unknown formula 'median': one of total variance, mean"):
        reestimate(BatchNorm(4), [draw(2, 4)], formula)


# ------------------------------------------------------------------------------------- folding

LAYERS: dict[str, tuple[Callable[..., nn.Module], tuple[int, ...]]] = {
    "linear": (lambda bias: nn.Linear(4, 6, bias=bias), (5, 4)),
    "conv1d": (lambda bias: nn.Conv1d(4, 6, 3, bias=bias, stride=2), (2, 4, 7)),
    "conv2d": (lambda bias: nn.Conv2d(4, 6, (3, 2), bias=bias, dilation=(1, 2)), (2, 4, 5, 6)),
    "conv3d": (lambda bias: nn.Conv3d(4, 6, 2, bias=bias), (2, 4, 3, 3, 2)),
    "grouped": (lambda bias: nn.Conv2d(4, 6, 3, bias=bias, groups=2), (2, 4, 5, 5)),
    "depthwise": (lambda bias: nn.Conv2d(4, 8, 3, bias=bias, groups=4), (2, 4, 5, 5)),
    "reflect": (
        lambda bias: nn.Conv2d(4, 6, 3, bias=bias, padding=1, padding_mode="reflect"),
        (2, 4, 5, 5),
    ),
    "same 1x1": (lambda bias: nn.Conv2d(4, 6, 1, bias=bias, padding="same"), (2, 4, 5, 5)),
    "zeros": (lambda bias: nn.Conv2d(4, 6, 3, bias=bias, padding=1), (2, 4, 5, 5)),
    "same 3x3": (lambda bias: nn.Conv2d(4, 6, 3, bias=bias, padding="same"), (2, 4, 5, 5)),
    "transposed1d": (lambda bias: nn.ConvTranspose1d(4, 6, 3, bias=bias, stride=2), (2, 4, 5)),
    "transposed2d": (
        lambda bias: nn.ConvTranspose2d(4, 6, 3, 2, 1, 1, bias=bias, groups=2),
        (2, 4, 5, 5),
    ),
    "transposed3d": (lambda bias: nn.ConvTranspose3d(4, 6, 2, bias=bias), (2, 4, 3, 2, 2)),
}
NOT_BEFORE = ("zeros", "same 3x3", "transposed1d", "transposed2d", "transposed3d")


def used(norm: Any) -> Any:
    """A batch norm in evaluation, of no convenient statistics: weights of both signs, eps of 0.1."""
    channels = norm.num_features if hasattr(norm, "num_features") else norm.channels
    with torch.no_grad():
        norm.running_mean.copy_(draw(channels, seed=3))
        norm.running_var.copy_(draw(channels, seed=4) ** 2)
        if norm.weight is not None:
            norm.weight.copy_(draw(channels, seed=5) * torch.tensor([-1.0, 1.0] * (channels // 2)))
            norm.bias.copy_(draw(channels, seed=6))
    return norm.double().eval()


@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
@pytest.mark.parametrize("kind", LAYERS)
def test_fold(kind: str, bias: bool) -> None:
    torch.manual_seed(0)
    build, shape = LAYERS[kind]
    layer, x = build(bias).double(), draw(*shape)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.mul_(30)  # a large bias: one that is not scaled shows
    outputs = layer(x).shape[1]
    before = copy.deepcopy(layer.state_dict())
    for affine in (True, False):
        after, first = (used(BatchNorm(c, eps=0.1, affine=affine)) for c in (outputs, 4))
        folded = fold(layer, after)
        assert type(folded) is type(layer), f"expected {type(layer)}, found {type(folded)}"
        close(folded(x).detach(), after(layer(x)).detach(), 1e-9)
        if kind in NOT_BEFORE:
            with pytest.raises(ValueError, match="cannot fold BatchNorm before"):
                fold(first, layer)
        else:
            close(fold(first, layer)(x).detach(), layer(first(x)).detach(), 1e-9)
    same_state(layer, before)


@pytest.mark.parametrize(
    "norm", [nn.BatchNorm1d(6, eps=0.1), FrozenBatchNorm(6, eps=0.1)], ids=["torch", "frozen"]
)
def test_fold_other_batch_norms(norm: Any) -> None:
    layer, norm, x = nn.Linear(4, 6).double(), used(norm), draw(5, 4)
    if isinstance(norm, FrozenBatchNorm):
        norm.train()
    close(fold(layer, norm)(x).detach(), norm(layer(x)).detach(), 1e-9)


class Mine(nn.BatchNorm1d):
    """May do anything."""


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        (nn.Linear(4, 6), BatchNorm(6), "BatchNorm in training mode: call eval"),
        (nn.Linear(4, 6), nn.ReLU(), "cannot fold ReLU into Linear: it is no batch norm"),
        (nn.ReLU(), BatchNorm(6).eval(), "cannot fold ReLU and BatchNorm: neither is a plain"),
        (nn.Linear(4, 6), GroupNorm(6, 2), "cannot fold GroupNorm into Linear"),
        (nn.Linear(4, 6), Mine(6).eval(), "cannot fold Mine into Linear: it is no batch norm"),
        (nn.Linear(4, 6), BatchNorm(5).eval(), "Linear of 6 outputs, then BatchNorm of 5"),
        (BatchNorm(5).eval(), nn.Linear(4, 6), "BatchNorm of 5 channels, then Linear of 4"),
        (
            nn.Linear(4, 6),
            BatchNorm(6, track_running_stats=False).eval(),
            "without running statistics",
        ),
        (StandardisedConv2d(4, 6, 3), BatchNorm(6).eval(), "neither is a plain linear layer"),
        (
            nn.utils.parametrizations.weight_norm(nn.Linear(4, 6)),
            BatchNorm(6).eval(),
            "ParametrizedLinear",
        ),
    ],
    ids=range(10),
)
def test_fold_refuses(first: nn.Module, second: nn.Module, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        fold(first, second)


def test_fold_a_net() -> None:
    torch.manual_seed(0)
    layers = [
        *(used(BatchNorm(4)), nn.Conv2d(4, 6, 3, padding=1), used(nn.BatchNorm2d(6)), nn.ReLU()),
        *(used(BatchNorm(6)), nn.Conv2d(6, 2, 3), nn.ReLU(), used(BatchNorm(2))),
    ]
    model = nn.Sequential(*layers).double().eval()
    folded, x = fold_sequential(model), draw(2, 4, 6, 6)
    found = [type(layer).__name__ for layer in folded]
    expected = ["BatchNorm", "Conv2d", "ReLU", "Conv2d", "ReLU", "BatchNorm"]
    assert found == expected, f"{expected=}, {found=}"
    close(folded(x).detach(), model(x).detach(), 1e-9)
    with pytest.raises(ValueError, match="training mode"):
        fold_sequential(model.train())
