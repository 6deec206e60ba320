"""The oracle against central differences, against its definition, and in extended precision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bnref.oracle import batch_norm, group_norm

SHAPES = [(8, 3), (3, 4, 5), (2, 4, 3, 3), (2, 2, 2, 2, 3)]
EPS = 1e-3


def draw(*shape: int, seed: int = 0) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).normal(size=shape)


def numeric(f: Callable[[Any], Any], at: Any, dy: Any, h: float = 1e-5) -> Any:
    """The gradient of <f(at), dy> by central differences."""
    gradient = np.empty_like(at)
    for i in np.ndindex(at.shape):
        step = np.zeros_like(at)
        step[i] = h
        gradient[i] = ((f(at + step) - f(at - step)) * dy).sum() / (2 * h)
    return gradient


def close(found: Any, expected: Any, tolerance: float) -> None:
    error = float(np.abs(np.asarray(found) - expected).max())
    assert error <= tolerance, f"{error=} > {tolerance}\nexpected {expected}\nfound {found}"


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_batch_norm_backward(shape: tuple[int, ...]) -> None:
    x, dy = draw(*shape), draw(*shape, seed=1)
    w, b = draw(shape[1], seed=2), draw(shape[1], seed=3)
    found = batch_norm.backward(dy, x, w, EPS)
    expected = (
        numeric(lambda v: batch_norm.forward(v, w, b, EPS)[0], x, dy),
        numeric(lambda v: batch_norm.forward(x, v, b, EPS)[0], w, dy),
        numeric(lambda v: batch_norm.forward(x, w, v, EPS)[0], b, dy),
    )
    for f, e in zip(found, expected, strict=True):
        close(f, e, 1e-8)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_evaluation_backward(shape: tuple[int, ...]) -> None:
    x, dy = draw(*shape), draw(*shape, seed=1)
    w, b = draw(shape[1], seed=2), draw(shape[1], seed=3)
    mean, var = draw(shape[1], seed=4), draw(shape[1], seed=5) ** 2
    found = batch_norm.evaluate_backward(dy, x, mean, var, w, EPS)
    expected = (
        numeric(lambda v: batch_norm.evaluate(v, mean, var, w, b, EPS), x, dy),
        numeric(lambda v: batch_norm.evaluate(x, mean, var, v, b, EPS), w, dy),
        numeric(lambda v: batch_norm.evaluate(x, mean, var, w, v, EPS), b, dy),
    )
    for f, e in zip(found, expected, strict=True):
        close(f, e, 1e-8)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("size", [1, 2, None], ids=["instance", "pairs", "layer"])
def test_group_norm_backward(shape: tuple[int, ...], size: int | None) -> None:
    channels = shape[1]
    groups = 1 if size is None or channels % size else channels // size
    x, dy = draw(*shape), draw(*shape, seed=1)
    w, b = draw(channels, seed=2), draw(channels, seed=3)
    found = group_norm.backward(dy, x, w, groups, EPS)
    expected = (
        numeric(lambda v: group_norm.forward(v, w, b, groups, EPS)[0], x, dy),
        numeric(lambda v: group_norm.forward(x, v, b, groups, EPS)[0], w, dy),
        numeric(lambda v: group_norm.forward(x, w, v, groups, EPS)[0], b, dy),
    )
    for f, e in zip(found, expected, strict=True):
        close(f, e, 1e-7)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_forward_is_its_definition_channel_by_channel(shape: tuple[int, ...]) -> None:
    x, w, b = draw(*shape), draw(shape[1], seed=2), draw(shape[1], seed=3)
    y, mean, var = batch_norm.forward(x, w, b, EPS)
    for c in range(shape[1]):
        values = x[:, c].ravel()
        m = sum(values) / len(values)
        v = sum((value - m) ** 2 for value in values) / len(values)
        close(mean[c], m, 1e-14)
        close(var[c], v, 1e-14)
        close(y[:, c], w[c] * (x[:, c] - m) / (v + EPS) ** 0.5 + b[c], 1e-13)


def test_group_norm_pools_consecutive_channels_of_one_sample() -> None:
    x = draw(2, 6, 4)
    _, mean, var = group_norm.forward(x, np.ones(6), np.zeros(6), groups=2)
    expected = np.array([[x[n, :3].mean(), x[n, 3:].mean()] for n in range(2)])
    close(mean, expected, 1e-14)
    close(var, np.array([[x[n, :3].var(), x[n, 3:].var()] for n in range(2)]), 1e-14)


@pytest.mark.skipif(np.finfo(np.longdouble).nmant < 63, reason="no extended precision here")
@pytest.mark.parametrize("ratio", [1.0, 1e3, 1e6])
def test_large_mean_costs_no_more_than_rounding_of_the_input(ratio: float) -> None:
    """|x| of `ratio` and variance 1: the centred values are known to ratio * 2^-53, no worse."""
    x, dy = draw(16, 3, 4, 4) + ratio, draw(16, 3, 4, 4, seed=1)
    w, b = draw(3, seed=2), draw(3, seed=3)
    bound = 64 * ratio * np.finfo(np.float64).eps
    exact = [a.astype(np.longdouble) for a in (x, dy, w, b)]
    pairs = [
        *zip(batch_norm.forward(x, w, b), batch_norm.forward(exact[0], *exact[2:]), strict=True),
        *zip(batch_norm.backward(dy, x, w)[:1], batch_norm.backward(exact[1], *exact[::2])[:1],
             strict=True),
        *zip(group_norm.forward(x, w, b, 3), group_norm.forward(exact[0], *exact[2:], 3),
             strict=True),
        *zip(group_norm.backward(dy, x, w, 3)[:1],
             group_norm.backward(exact[1], exact[0], exact[2], 3)[:1], strict=True),
    ]  # fmt: skip
    for found, expected in pairs:
        assert expected.dtype == np.longdouble, f"expected longdouble, found {expected.dtype}"
        close(found, expected, bound)


def test_running_statistics_by_hand() -> None:
    """Batches {0, 2} and {4, 8}: means 1 and 6, unbiased variances 2 and 8."""
    batches = [np.array([[0.0], [2.0]]), np.array([[4.0], [8.0]])]
    for momentum, mean, var in [
        (None, 3.5, 5.0),
        (0.5, 0.5 * 0.5 + 3.0, 0.5 * (0.5 + 1.0) + 4.0),
        (1.0, 6.0, 8.0),
        (0.0, 0.0, 1.0),
    ]:
        found = batch_norm.running_statistics(batches, momentum)
        close(found, np.array([[mean], [var]]), 1e-14)


def test_a_training_gradient_is_orthogonal_to_ones_and_to_the_input() -> None:
    x, dy = draw(8, 3, 4, 4) + 2, draw(8, 3, 4, 4, seed=1)
    dx, _, _ = batch_norm.backward(dy, x, np.ones(3), eps=0.0)
    close(dx.sum((0, 2, 3)), np.zeros(3), 1e-12)
    close((dx * x).sum((0, 2, 3)), np.zeros(3), 1e-11)


def test_narrow_input_is_widened() -> None:
    y, mean, var = batch_norm.forward(draw(4, 2).astype(np.float32), np.ones(2), np.zeros(2))
    found = {y.dtype, mean.dtype, var.dtype}
    assert found == {np.dtype(np.float64)}, f"expected float64 only, found {found}"
