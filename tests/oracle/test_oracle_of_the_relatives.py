"""The oracle of batch norm's relatives: central differences, definitions, extended precision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bnref.oracle import (
    batch_norm,
    batch_renorm,
    debiased_batch_norm,
    ghost_batch_norm,
    lp_batch_norm,
    population,
    rms_norm,
    stop_gradient_batch_norm,
    sync_batch_norm,
    weight_standardisation,
)

SHAPES = [(5, 3), (3, 4, 3), (5, 2, 2, 2)]
EPS = 1e-2
Array = np.ndarray[Any, Any]


def draw(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(size=shape) * 1.5 + 0.3


def numeric(f: Callable[[Any], Any], at: Any, dy: Any, h: float = 1e-5) -> Any:
    """The gradient of <f(at), dy> by central differences."""
    gradient = np.empty_like(at)
    for i in np.ndindex(at.shape):
        step = np.zeros_like(at)
        step[i] = h
        gradient[i] = ((f(at + step) - f(at - step)) * dy).sum() / (2 * h)
    return gradient


def close(found: Any, expected: Any, tolerance: float = 1e-8) -> None:
    error = float(np.abs(np.asarray(found) - expected).max())
    assert error <= tolerance, f"{error=} > {tolerance}\nexpected {expected}\nfound {found}"


def gradients(f: Callable[..., Any], found: Any, x: Array, w: Array, b: Array, dy: Array) -> None:
    """dx, dweight and dbias of f(x, w, b), each against central differences."""
    close(found[0], numeric(lambda v: f(v, w, b), x, dy))
    close(found[1], numeric(lambda v: f(x, v, b), w, dy))
    close(found[2], numeric(lambda v: f(x, w, v), b, dy))


def inputs(shape: tuple[int, ...]) -> tuple[Array, ...]:
    """x, weight, bias and dy."""
    c = shape[1]
    return draw(*shape), draw(c, seed=1), draw(c, seed=2), draw(*shape, seed=3)


@pytest.mark.parametrize("ghost", [2, 3, 9])
@pytest.mark.parametrize("shape", SHAPES[1:], ids=str)
def test_ghost_batch_norm(shape: tuple[int, ...], ghost: int) -> None:
    x, w, b, dy = inputs(shape)
    found = ghost_batch_norm.backward(dy, x, w, ghost, EPS)
    gradients(lambda x, w, b: ghost_batch_norm.forward(x, w, b, ghost, EPS), found, x, w, b, dy)


def test_ghost_running_statistics_by_hand() -> None:
    """Ghosts {0, 2} and {4, 8}: means 1 and 6, unbiased variances 2 and 8."""
    batch = np.array([[0.0], [2.0], [4.0], [8.0]])
    for sequential, mean, var in [(False, 1.75, 3.0), (True, 0.25 + 3.0, 0.75 + 4.0)]:
        found = ghost_batch_norm.running_statistics([batch], 2, 0.5, sequential)
        close(found, np.array([[mean], [var]]), 1e-14)


@pytest.mark.parametrize(("r_max", "d_max"), [(1.0, 0.0), (1.2, 0.2), (9.0, 9.0)])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_batch_renorm(shape: tuple[int, ...], r_max: float, d_max: float) -> None:
    x, w, b, dy = inputs(shape)
    mean, var = draw(shape[1], seed=5), draw(shape[1], seed=6) ** 2
    r, d = batch_renorm.correction(x, mean, var, r_max, d_max, EPS)
    found = batch_renorm.backward(dy, x, w, r, d, EPS)
    gradients(lambda x, w, b: batch_renorm.forward(x, w, b, r, d, EPS), found, x, w, b, dy)


@pytest.mark.parametrize("stop", ["both", "mean", "var"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_stop_gradient(shape: tuple[int, ...], stop: str) -> None:
    """Central differences of the forward pass in which the stopped statistics stay as they are."""
    x, w, b, dy = inputs(shape)
    mean, var = batch_norm.moments(x)

    def f(v: Array, w: Array, b: Array) -> Array:
        at_mean = batch_norm.moments(v)[0] if stop == "var" else mean
        at_var = batch_norm.moments(v)[1] if stop == "mean" else var
        return batch_norm.evaluate(v, at_mean, at_var, w, b, EPS)

    gradients(f, stop_gradient_batch_norm.backward(dy, x, w, stop, EPS), x, w, b, dy)


@pytest.mark.parametrize("centred", [False, True])
@pytest.mark.parametrize("p", [1, 2, np.inf])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_lp_batch_norm(shape: tuple[int, ...], p: float, centred: bool) -> None:
    x, w, b, dy = inputs(shape)
    found = lp_batch_norm.backward(dy, x, w, p, centred, EPS)
    gradients(lambda x, w, b: lp_batch_norm.forward(x, w, b, p, centred, EPS), found, x, w, b, dy)
    for c in range(shape[1]):
        z = x[:, c].ravel()
        z = z - z.mean() if centred else z
        norm = np.linalg.norm(z, p) / (1 if p == np.inf else len(z) ** (1 / p))
        found_norm = lp_batch_norm.moments(x, p, centred)[1][c] ** (1 if p == np.inf else 1 / p)
        close(found_norm, norm, 1e-14)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_rms_norm(shape: tuple[int, ...]) -> None:
    x, w, _, dy = inputs(shape)
    dx, dw = rms_norm.backward(dy, x, w, EPS)
    close(dx, numeric(lambda v: rms_norm.forward(v, w, EPS), x, dy))
    close(dw, numeric(lambda v: rms_norm.forward(x, v, EPS), w, dy))
    unit = rms_norm.forward(x, np.ones(shape[1]), eps=0.0).reshape(len(x), -1)
    close(np.square(unit).mean(1), np.ones(len(x)), 1e-14)


@pytest.mark.parametrize("shape", [(3, 5), (2, 3, 2, 2)], ids=str)
def test_weight_standardisation(shape: tuple[int, ...]) -> None:
    w, dy = draw(*shape), draw(*shape, seed=1)
    found = weight_standardisation.backward(dy, w, EPS)
    close(found, numeric(lambda v: weight_standardisation.forward(v, EPS), w, dy))
    flat = weight_standardisation.forward(w, 0.0).reshape(len(w), -1)
    close(flat.std(1, ddof=1), np.ones(len(w)), 1e-14)
    tangent = weight_standardisation.backward(dy, w, 0.0)
    close((tangent * w).reshape(len(w), -1).sum(1), np.zeros(len(w)), 1e-13)


def test_sync_batch_norm_is_batch_norm_of_the_joined_shards() -> None:
    x, w, b, dy = inputs((6, 3, 2))
    cut = ([0, 1, 1], [1, 1, 6])  # one sample, none, five
    shards = [x[i:j] for i, j in zip(*cut, strict=True)]
    dys = [dy[i:j] for i, j in zip(*cut, strict=True)]
    ys = sync_batch_norm.forward(shards, w, b, EPS)
    assert [len(y) for y in ys] == [1, 0, 5], f"found {[len(y) for y in ys]}"
    close(np.concatenate(ys), batch_norm.forward(x, w, b, EPS)[0], 0.0)
    dxs, dw, db = sync_batch_norm.backward(dys, shards, w, EPS)
    f = batch_norm.forward
    gradients(lambda *v: f(*v, EPS)[0], (np.concatenate(dxs), dw, db), x, w, b, dy)


def test_debiased_running_statistics() -> None:
    """Constant batches of mean 3 and unbiased variance 2: 3 and 2 after any number of them."""
    batch = np.array([[2.0], [4.0]])
    for count in (1, 2, 30):
        found = debiased_batch_norm.running_statistics([batch] * count, 1e-3)
        close(found, np.array([[3.0], [2.0]]), 1e-12)
    first, second = np.array([[0.0], [2.0]]), np.array([[4.0], [8.0]])
    mean, _ = debiased_batch_norm.running_statistics([first, second], 0.5)
    close(mean, [(0.25 * 1 + 0.5 * 6) / 0.75], 1e-14)


def test_population_is_the_law_of_total_variance() -> None:
    batches = [draw(4, 3, 2, seed=i) + i for i in range(5)]
    mean, var = population.total_variance(batches)
    found = [batch_norm.moments(b) for b in batches]
    means, variances = (np.array(part) for part in zip(*found, strict=True))
    close(mean, means.mean(0), 1e-14)
    close(var, variances.mean(0) + means.var(0), 1e-13)
    close(population.mean_of_variances(batches)[1], variances.mean(0) * 8 / 7, 1e-13)


@pytest.mark.skipif(np.finfo(np.longdouble).nmant < 63, reason="no extended precision here")
@pytest.mark.parametrize("ratio", [1.0, 1e3, 1e6])
def test_large_mean_costs_no_more_than_rounding_of_the_input(ratio: float) -> None:
    """As for batch norm: centred values are known to ratio * 2^-53, no worse."""
    x, dy = draw(6, 3, 4) + ratio, draw(6, 3, 4, seed=1)
    w, b, mean, var = (
        draw(3, seed=2),
        draw(3, seed=3),
        draw(3, seed=4) + ratio,
        draw(3, seed=5) ** 2,
    )

    def everything(x: Any, dy: Any, w: Any, b: Any, mean: Any, var: Any) -> list[Any]:
        r, d = batch_renorm.correction(x, mean, var, 3.0, 5.0)
        found = [
            *(ghost_batch_norm.forward(x, w, b, 3), ghost_batch_norm.backward(dy, x, w, 3)[0]),
            *(r, d, batch_renorm.forward(x, w, b, r, d)),
            *(stop_gradient_batch_norm.backward(dy, x, w, stop)[0] for stop in ("both", "mean")),
            *(rms_norm.forward(x, w), rms_norm.backward(dy, x, w)[0]),
            *(weight_standardisation.forward(x), weight_standardisation.backward(dy, x)),
        ]
        for p in (1, 2, np.inf):
            found.append(lp_batch_norm.forward(x, w, b, p, True))
            if p != 1:  # the sign of a value next to the mean is not known
                found.append(lp_batch_norm.backward(dy, x, w, p, True)[0])
        return found

    bound = 512 * ratio * np.finfo(np.float64).eps
    exact = everything(*(a.astype(np.longdouble) for a in (x, dy, w, b, mean, var)))
    for found, expected in zip(everything(x, dy, w, b, mean, var), exact, strict=True):
        assert expected.dtype == np.longdouble, f"expected longdouble, found {expected.dtype}"
        close(found, expected, bound)
