"""The relatives of batch norm against the oracle: output, gradients, running statistics."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from bnref.norms.batch_norm import BatchNorm
from bnref.norms.batch_renorm import BatchRenorm
from bnref.norms.debiased_batch_norm import DebiasedBatchNorm
from bnref.norms.frozen_batch_norm import FrozenBatchNorm
from bnref.norms.ghost_batch_norm import GhostBatchNorm
from bnref.norms.lp_batch_norm import LpBatchNorm
from bnref.norms.noisy_batch_norm import NoisyBatchNorm
from bnref.norms.rms_norm import RMSNorm
from bnref.norms.stop_gradient_batch_norm import StopGradientBatchNorm
from bnref.oracle import (
    batch_norm,
    batch_renorm,
    debiased_batch_norm,
    ghost_batch_norm,
    lp_batch_norm,
    rms_norm,
    stop_gradient_batch_norm,
)

SHAPES = [(7, 5), (7, 5, 3), (7, 5, 2, 3), (5, 3, 2, 1, 3)]
TOLERANCE = 1e-10
EPS, MOMENTUM = 1e-2, 0.3


def draw(shape: Sequence[int], seed: int = 0, channels_last: bool = False) -> Tensor:
    """Random values far from mean 0 and variance 1."""
    x = torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    x = x * 3 + 2
    return x.movedim(1, -1).contiguous().movedim(-1, 1) if channels_last else x


def randomised(layer: nn.Module) -> Any:
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.normal_(generator=generator)
    return layer.double()


def step(layer: nn.Module, x: Tensor, dy: Tensor) -> tuple[Tensor, ...]:
    """y, dx and the gradient of every parameter."""
    x = x.detach().requires_grad_()
    y = layer(x)
    return y.detach(), *torch.autograd.grad(y, [x, *layer.parameters()], dy)


def close(found: Sequence[Any], expected: Sequence[Any], tolerance: float = TOLERANCE) -> None:
    for name, f, e in zip(("first", "second", "third", "fourth"), found, expected, strict=False):
        f, e = np.asarray(torch.as_tensor(f).detach()), np.asarray(torch.as_tensor(e).detach())
        assert f.shape == e.shape, f"{name}: expected shape {e.shape}, found {f.shape}"
        error = np.abs(f - e).max()
        assert error <= tolerance, f"{name}: {error=} > {tolerance}\nexpected {e}\nfound {f}"
    assert len(found) == len(expected), f"expected {len(expected)} values, found {len(found)}"


def parameters(layer: Any) -> tuple[Any, Any]:
    return layer.weight.detach().numpy(), layer.bias.detach().numpy()


def train_as(layer: Any, shape: Sequence[int], expected: Any, running: Any) -> None:
    """Three training batches, then evaluation, which is batch norm's with what `running` says."""
    w, b = parameters(layer)
    batches = [draw(shape, seed, seed == 2) for seed in range(3)]
    dy = draw(shape, 9)
    for x in batches:
        before = [v.clone().numpy() for v in (layer.running_mean, layer.running_var)]
        close(step(layer, x, dy), expected(x.numpy(), dy.numpy(), w, b, *before))
    mean, var = running([x.numpy() for x in batches])
    close([layer.running_mean, layer.running_var], [mean, var])
    layer.eval()
    y = batch_norm.evaluate(x, mean, var, w, b, layer.eps)
    close(step(layer, x, dy), [y, *batch_norm.evaluate_backward(dy, x, mean, var, w, layer.eps)])


@pytest.mark.parametrize("momentum", [MOMENTUM, None], ids=str)
@pytest.mark.parametrize("sequential", [False, True], ids=["averaged", "sequential"])
@pytest.mark.parametrize("ghost", [2, 3, 99])
@pytest.mark.parametrize("shape", SHAPES[1:], ids=str)
def test_ghost_batch_norm(
    shape: tuple[int, ...], ghost: int, sequential: bool, momentum: float | None
) -> None:
    layer = randomised(GhostBatchNorm(shape[1], ghost, EPS, momentum, sequential=sequential))
    train_as(
        layer,
        shape,
        lambda x, dy, w, b, *_: (
            ghost_batch_norm.forward(x, w, b, ghost, EPS),
            *ghost_batch_norm.backward(dy, x, w, ghost, EPS),
        ),
        lambda xs: ghost_batch_norm.running_statistics(xs, ghost, momentum, sequential),
    )
    ghosts = -(-shape[0] // ghost)
    found, expected = int(layer.num_batches_tracked), 3 * ghosts if sequential else 3
    assert found == expected, f"batches tracked: {expected=}, {found=}"


def test_a_ghost_of_one_value_is_refused_before_buffers_move() -> None:
    layer = GhostBatchNorm(3, ghost=2, sequential=True)
    with pytest.raises(ValueError, match=r"more than one value per channel .* \(1, 3\)"):
        layer(torch.randn(5, 3))
    assert layer.num_batches_tracked == 0, "expected buffers that have not moved"
    assert torch.equal(layer.running_mean, torch.zeros(3)), f"found {layer.running_mean}"


def test_one_ghost_is_batch_norm() -> None:
    ghost, plain = GhostBatchNorm(5, 7).double(), BatchNorm(5).double()
    x, dy = draw((7, 5, 4)), draw((7, 5, 4), 1)
    close(step(ghost, x, dy), step(plain, x, dy), 1e-12)
    close(list(ghost.buffers()), list(plain.buffers()), 1e-12)


@pytest.mark.parametrize(("r_max", "d_max"), [(1.0, 0.0), (1.5, 0.5), (3.0, 5.0), (1e9, 1e9)])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_batch_renorm(shape: tuple[int, ...], r_max: float, d_max: float) -> None:
    def expected(x: Any, dy: Any, w: Any, b: Any, mean: Any, var: Any) -> Any:
        r, d = batch_renorm.correction(x, mean, var, r_max, d_max, EPS)
        y = batch_renorm.forward(x, w, b, r, d, EPS)
        if r_max == 1:
            close([y], [batch_norm.forward(x, w, b, EPS)[0]])
        if r_max == 1e9:  # no clip binds: evaluation by the statistics of before
            close([y], [batch_norm.evaluate(x, mean, var, w, b, EPS)])
        return y, *batch_renorm.backward(dy, x, w, r, d, EPS)

    layer = randomised(BatchRenorm(shape[1], r_max, d_max, EPS, MOMENTUM))
    train_as(layer, shape, expected, lambda xs: batch_norm.running_statistics(xs, MOMENTUM))


@pytest.mark.parametrize("momentum", [1.0, 0.5, 0.1, 1e-6, None], ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_debiased_batch_norm(shape: tuple[int, ...], momentum: float | None) -> None:
    train_as(
        randomised(DebiasedBatchNorm(shape[1], EPS, momentum)),
        shape,
        lambda x, dy, w, b, *_: (
            batch_norm.forward(x, w, b, EPS)[0],
            *batch_norm.backward(dy, x, w, EPS),
        ),
        lambda xs: debiased_batch_norm.running_statistics(xs, momentum),
    )


def test_the_first_batch_replaces_where_a_debiased_average_began() -> None:
    layer, x = DebiasedBatchNorm(5, momentum=1e-3), draw((7, 5)).float()
    layer(x)
    close([layer.running_mean, layer.running_var], [x.mean(0), x.var(0)], 1e-6)


@pytest.mark.parametrize("stop", ["both", "mean", "var"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_stop_gradient_batch_norm(shape: tuple[int, ...], stop: Any) -> None:
    train_as(
        randomised(StopGradientBatchNorm(shape[1], stop, EPS, MOMENTUM)),
        shape,
        lambda x, dy, w, b, *_: (
            batch_norm.forward(x, w, b, EPS)[0],
            *stop_gradient_batch_norm.backward(dy, x, w, stop, EPS),
        ),
        lambda xs: batch_norm.running_statistics(xs, MOMENTUM),
    )


def test_a_second_derivative_takes_stopped_statistics_for_constants_too() -> None:
    x = draw((7, 5)).requires_grad_()
    y = StopGradientBatchNorm(5).double()(x)
    (dx,) = torch.autograd.grad((y**2).sum(), x, create_graph=True)
    (ddx,) = torch.autograd.grad(dx.sum(), x)
    rstd2 = 1 / (x.var(0, correction=0) + 1e-5)
    close([ddx], [(2 * rstd2).expand(7, 5)])


@pytest.mark.parametrize("centred", [False, True], ids=["as it is", "centred"])
@pytest.mark.parametrize("p", [1, 2, math.inf])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_lp_batch_norm(shape: tuple[int, ...], p: float, centred: bool) -> None:
    layer = randomised(LpBatchNorm(shape[1], p, centred, EPS, MOMENTUM))
    w, b = parameters(layer)
    batches, dy = [draw(shape, seed, seed == 2).numpy() for seed in range(3)], draw(shape, 9)
    for x in batches:
        y = lp_batch_norm.forward(x, w, b, p, centred, EPS)
        grads = lp_batch_norm.backward(dy, x, w, p, centred, EPS)
        close(step(layer, torch.from_numpy(x), dy), [y, *grads])
        if p == 2 and centred:
            close([y], [batch_norm.forward(x, w, b, EPS)[0]])
    mean, moment = lp_batch_norm.running_statistics(batches, p, centred, MOMENTUM)
    close([layer.running_mean, layer.running_moment], [mean, moment])
    y = lp_batch_norm.evaluate(x, mean, moment, w, b, p, EPS)
    close([layer.eval()(torch.from_numpy(x))], [y])


def test_equal_maxima_share_the_gradient() -> None:
    x = torch.tensor([[3.0], [-3.0], [1.0]], dtype=torch.float64)
    dy = torch.tensor([[1.0], [2.0], [5.0]], dtype=torch.float64)
    layer = LpBatchNorm(1, math.inf).double()
    close(step(layer, x, dy)[1:2], lp_batch_norm.backward(dy, x, np.ones(1), math.inf)[:1])


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_frozen_batch_norm_does_not_thaw(shape: tuple[int, ...]) -> None:
    source = randomised(BatchNorm(shape[1], EPS))
    source(draw(shape))
    layer = FrozenBatchNorm.of(source)
    before, (w, b) = copy.deepcopy(layer.state_dict()), parameters(layer)
    mean, var = source.running_mean, source.running_var
    x, dy = draw(shape, 1), draw(shape, 9)
    expected = (
        batch_norm.evaluate(x, mean, var, w, b, EPS),
        *batch_norm.evaluate_backward(dy, x, mean, var, w, EPS),
    )
    for mode in (True, False):
        close(step(layer.train(mode), x, dy), expected)
    nn.Sequential(layer).train()(x[:1])  # one value is enough, and the parent does not thaw it
    for name, value in layer.state_dict().items():
        assert torch.equal(value, before[name]), f"{name}: expected {before[name]}, found {value}"


def test_what_has_no_statistics_cannot_be_frozen() -> None:
    with pytest.raises(ValueError, match="expected running statistics to freeze"):
        FrozenBatchNorm.of(BatchNorm(3, track_running_stats=False))


@pytest.mark.parametrize("affine", [True, False], ids=["weight", "no weight"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_rms_norm(shape: tuple[int, ...], affine: bool) -> None:
    layer = randomised(RMSNorm(shape[1], EPS, affine))
    w = layer.weight.detach().numpy() if affine else np.ones(shape[1])
    x, dy = draw(shape, channels_last=True), draw(shape, 9)
    dx, dw = rms_norm.backward(dy, x, w, EPS)
    for mode in (True, False):
        expected = (rms_norm.forward(x, w, EPS), dx, *([dw] if affine else []))
        close(step(layer.train(mode), x, dy), expected)
    if len(shape) == 2:
        twin = nn.RMSNorm(shape[1], EPS).double()
        twin.load_state_dict({"weight": torch.from_numpy(w)})
        close([layer(x)], [twin(x)], 1e-12)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_noisy_batch_norm(shape: tuple[int, ...]) -> None:
    """For the noise that it draws: s * BN(x) + m, with the gradient of s * dy."""
    layer = randomised(NoisyBatchNorm(shape[1], torch.Generator().manual_seed(4)))
    x, dy, (w, b) = draw(shape), draw(shape, 9), parameters(layer)
    found = step(layer, x, dy)
    layer.generator.manual_seed(4)
    s, m = layer.noise(x)
    y, _, _ = batch_norm.forward(x, w, b)
    close(found, [s.numpy() * y + m.numpy(), *batch_norm.backward(s * dy, x, w)])
    mean, var = batch_norm.running_statistics([x.numpy()])
    close([layer.running_mean, layer.running_var], [mean, var])
    close([layer.eval()(x)], [batch_norm.evaluate(x, mean, var, w, b)])


def test_the_noise_is_distributed_as_said() -> None:
    """mu ~ U(-.5, .5), sigma ~ U(1, 1.25) of a channel; jitter of sd .1/sqrt(3) and .1 around them."""
    layer = NoisyBatchNorm(400, torch.Generator().manual_seed(0))
    s, m = layer.noise(torch.empty(300, 400))
    sigma, mu = s.mean(0), m.mean(0)
    for what, found, expected, tolerance in [
        ("mean of mu", mu.mean(), 0.0, 0.05),
        ("sd of mu", mu.std(), 1 / math.sqrt(12), 0.02),
        ("mean of sigma", sigma.mean(), 1.125, 0.02),
        ("sd of sigma", sigma.std(), 0.25 / math.sqrt(12), 0.01),
        ("sd of m in a channel", m.std(0).mean(), 0.1 / math.sqrt(3), 0.001),
        ("sd of s in a channel", s.std(0).mean(), 0.1, 0.001),
        ("largest |m|", m.abs().max(), 0.6, 0.02),
    ]:
        assert abs(float(found) - expected) < tolerance, f"{what}: {expected=}, {found=}"
    twin = copy.deepcopy(layer)
    found = [layer.noise(s)[0], twin.noise(s)[0]]
    assert torch.equal(*found), "expected a copy to draw the same noise"
    assert not torch.equal(layer.noise(s)[0], found[0]), "expected new noise at every step"


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda: GhostBatchNorm(3, ghost=0), "at least one sample, found 0"),
        (lambda: BatchRenorm(3, r_max=0.5), "expected r_max >= 1"),
        (lambda: BatchRenorm(3, d_max=-1), "expected r_max >= 1 and d_max >= 0"),
        (lambda: DebiasedBatchNorm(3, momentum=0.0), "above 0 and up to 1, found 0.0"),
        (lambda: StopGradientBatchNorm(3, "neither"), "expected stop"),  # type: ignore[arg-type]
        (lambda: LpBatchNorm(3, 3), "expected p 1, 2 or inf, found 3"),
    ],
    ids=range(6),
)
def test_a_wrong_option_is_refused(call: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        call()


@pytest.mark.parametrize(
    "build", [GhostBatchNorm, BatchRenorm, DebiasedBatchNorm, StopGradientBatchNorm]
)
def test_statistics_may_share_memory_with_the_parameters(build: Any) -> None:
    """As in a kernel that is handed the same memory twice: y is of the values before the step."""
    plain, shared, x = build(5, momentum=0.5), build(5, momentum=0.5), draw((7, 5)).float()
    shared.running_mean, shared.running_var = shared.bias.data, shared.weight.data
    with torch.no_grad():
        close([shared(x)], [plain(x)], 0.0)


REFUSING = [
    *(GhostBatchNorm, BatchRenorm, DebiasedBatchNorm, StopGradientBatchNorm, LpBatchNorm),
    lambda channels: NoisyBatchNorm(channels, torch.Generator()),
]


@pytest.mark.parametrize("shape", [(1, 4), (1, 4, 1, 1), (0, 4, 2, 2), (2, 3), (4,)], ids=str)
@pytest.mark.parametrize("build", REFUSING, ids=range(len(REFUSING)))
def test_a_refused_batch_leaves_the_buffers_alone(build: Any, shape: tuple[int, ...]) -> None:
    layer = build(4)
    layer(torch.randn(5, 4))
    before = copy.deepcopy(layer.state_dict())
    with pytest.raises(ValueError, match="expected") as caught:
        layer(torch.ones(shape))
    assert str(shape) in str(caught.value), f"expected the shape {shape}, found {caught.value}"
    for name, value in layer.state_dict().items():
        assert torch.equal(value, before[name]), f"{name}: expected {before[name]}, found {value}"
