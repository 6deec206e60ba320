"""What a correct result is, how far from it a correct implementation may be, and how near is best.

For every value: `exact` from the oracle, in float64 (long double where the type is float64); `best`
by two passes in the type itself (half types: in float32, then rounded); `ulp`, one unit in the last
place of the type at the channel's largest value; `bound`, on the error at that value. A bound is
u_out times the magnitude of the terms, for the rounding of the output (of a sum: the sum, and the
root of its terms' squares), plus u, that of float32 for the half types, times growth(count) times
the terms and their conditioning, for the sums: |mean| / std multiplies what depends on x - mean. It
grows with |mean| / std and not with its square, as two passes do and one does not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import DTypeLike

from bnref.conformance.floats import Array, growth, rounded, ulp, unit, working
from bnref.oracle import batch_norm as oracle

ROUNDINGS = 4
"""The roundings in the output type that an element may go through: normalise, scale, shift, store."""


@dataclass(frozen=True)
class Expected:
    """Exact values, the error allowed at each, one ULP there, and the best achievable values."""

    exact: Array
    bound: Array
    ulp: Array
    best: Array

    def around(self, values: Array) -> Expected:
        """The same bounds about other values: what a second computation may differ by."""
        return replace(self, exact=values.astype(self.exact.dtype), bound=2 * self.bound)


@dataclass(frozen=True)
class Gradients:
    """Expected dx, dweight and dbias."""

    dx: Expected
    dweight: Expected
    dbias: Expected


@dataclass(frozen=True)
class _Given:
    """What an output or a gradient is a function of."""

    x: Array
    mean: Array
    var: Array
    weight: Array
    eps: float
    training: bool

    def of(self, kind: DTypeLike) -> _Given:
        """The same in another type."""
        x, mean, var, weight = (np.asarray(a).astype(kind) for a in self.arrays)
        return replace(self, x=x, mean=mean, var=var, weight=weight)

    @property
    def arrays(self) -> tuple[Array, Array, Array, Array]:
        return self.x, self.mean, self.var, self.weight

    @property
    def rstd(self) -> Array:
        """One over the standard deviation (C,), in the type of x."""
        return np.asarray(1 / np.sqrt(self.var + np.asarray(self.eps, self.x.dtype)))

    @property
    def xhat(self) -> Array:
        centred = self.x - per_channel(self.mean, self.x)
        return centred * per_channel(self.rstd, self.x)


def judge(dtype: str) -> DTypeLike:
    """The type that the oracle computes in to judge this type."""
    return np.longdouble if dtype == "float64" else np.float64


def per_channel(value: Array, x: Array) -> Array:
    """(C,) shaped against x (N, C, ...)."""
    return np.asarray(value).reshape(1, -1, *(1,) * (x.ndim - 2))


def space(x: Array) -> tuple[int, ...]:
    """The axes of x (N, C, ...) that a sum per channel runs over."""
    return (0, *range(2, x.ndim))


def count(x: Array) -> int:
    """The values per channel."""
    return x.size // x.shape[1]


def two_pass(x: Array, dtype: str) -> tuple[Array, Array]:
    """Mean and biased variance by two passes in the working type, with NumPy's pairwise sums."""
    x = np.asarray(x).astype(working(dtype))
    mean = x.mean(space(x))
    return mean, np.square(x - per_channel(mean, x)).mean(space(x))


def forward(x: Array, weight: Array, bias: Array, eps: float, dtype: str) -> Expected:
    """The output of training on x."""
    exact, best = _batch(x, weight, eps, dtype)
    return _output(exact, best, bias, dtype, growth(count(x)))


def backward(dy: Array, x: Array, weight: Array, eps: float, dtype: str) -> Gradients:
    """The gradients of training on x."""
    exact, best = _batch(x, weight, eps, dtype)
    wide = dy.astype(judge(dtype))
    gradients = oracle.backward(wide, exact.x, exact.weight, eps)
    return _gradients(gradients, wide, exact, best, dtype)


def evaluate(
    x: Array, mean: Array, var: Array, weight: Array, bias: Array, eps: float, dtype: str
) -> Expected:
    """The output of evaluation with these running statistics."""
    given = _Given(x, mean, var, weight, eps, training=False)
    return _output(given.of(judge(dtype)), given.of(working(dtype)), bias, dtype, ROUNDINGS)


def evaluate_backward(
    dy: Array, x: Array, mean: Array, var: Array, weight: Array, eps: float, dtype: str
) -> Gradients:
    """The gradients of evaluation with these running statistics."""
    given = _Given(x, mean, var, weight, eps, training=False)
    exact, best, wide = given.of(judge(dtype)), given.of(working(dtype)), dy.astype(judge(dtype))
    gradients = oracle.evaluate_backward(wide, *exact.arrays, eps)
    return _gradients(gradients, wide, exact, best, dtype)


def running(
    batches: list[Array],
    momentum: float | None,
    dtype: str,
    *,
    unbiased: bool,
    begin: tuple[Array, Array] | None = None,
) -> tuple[Expected, Expected]:
    """running_mean and running_var after these batches, from (0, 1) or from `begin`."""
    channels, u, small = batches[0].shape[1], unit(dtype), unit(working(dtype))
    start = begin or (np.zeros(channels), np.ones(channels))
    exact = [np.asarray(value).astype(judge(dtype)) for value in start]
    best = [np.asarray(value).astype(working(dtype)) for value in start]
    bound = [np.zeros(channels), np.zeros(channels)]
    size = [np.abs(value) for value in exact]
    for k, batch in enumerate(batches, start=1):
        n = count(batch)
        new = 1 / k if momentum is None else momentum
        factor = n / (n - 1) if unbiased else 1.0
        mean, var = oracle.moments(batch.astype(judge(dtype)))
        best_mean, best_var = two_pass(batch, dtype)
        kappa = 1 + np.abs(mean) / np.sqrt(var + np.finfo(float).tiny)
        loss = growth(n) * small * np.abs(batch.astype(judge(dtype))).mean(space(batch))
        losses = loss, growth(n) * small * kappa * var * factor + np.square(loss)
        for i, (value, near) in enumerate(((mean, best_mean), (var * factor, best_var * factor))):
            exact[i] = (1 - new) * exact[i] + new * value
            best[i] = rounded((1 - new) * best[i] + new * near, dtype)
            size[i] = np.maximum(size[i], np.maximum(np.abs(exact[i]), np.abs(value) * new))
            bound[i] = (1 - new) * bound[i] + new * losses[i] + ROUNDINGS * u * size[i]
    pairs = zip(exact, bound, size, best, strict=True)
    both = [Expected(e, b.astype(np.float64), ulp(s, dtype), n) for e, b, s, n in pairs]
    return both[0], both[1]


def _batch(x: Array, weight: Array, eps: float, dtype: str) -> tuple[_Given, _Given]:
    """Training on x, exactly and by two passes."""
    mean, var = oracle.moments(x.astype(judge(dtype)))
    exact = _Given(x, mean, var, weight, eps, training=True).of(judge(dtype))
    mean, var = two_pass(x, dtype)
    return exact, replace(exact.of(working(dtype)), mean=mean, var=var)


def _output(exact: _Given, best: _Given, bias: Array, dtype: str, losses: float) -> Expected:
    x, weight = exact.x, per_channel(exact.weight, exact.x)
    y = oracle.evaluate(*exact.arrays, bias, exact.eps)
    scale = per_channel(np.abs(exact.weight) * exact.rstd, x)
    terms = np.abs(exact.xhat * weight) + per_channel(np.abs(bias), x)
    conditioned = terms + scale * per_channel(np.abs(exact.mean), x)
    near = best.xhat * per_channel(best.weight, x) + per_channel(bias.astype(best.x.dtype), x)
    return bounded(y, terms, losses * conditioned, near, dtype)


def _gradients(
    gradients: tuple[Array, Array, Array], dy: Array, exact: _Given, best: _Given, dtype: str
) -> Gradients:
    """The gradients with their bounds; kappa conditions the sums that x - mean goes into."""
    x, axes, n = exact.x, space(exact.x), count(exact.x)
    kappa = np.abs(exact.mean) * exact.rstd + 1
    slopes = dy * exact.xhat
    of_bias, of_weight = np.abs(dy).sum(axes), np.abs(slopes).sum(axes)
    size_bias, size_weight = rounded_sum(gradients[2], dy), rounded_sum(gradients[1], slopes)
    terms = conditioned = np.abs(dy)
    if exact.training:
        mean, slope = per_channel(of_bias / n, x), per_channel(of_weight / n, x)
        along = np.abs(exact.xhat)
        conditioned = terms + mean + along * slope
        conditioned = conditioned + per_channel(kappa, x) * (slope + along * (mean + slope))
        terms = terms + per_channel(size_bias / n, x) + along * per_channel(size_weight / n, x)
    scale = per_channel(np.abs(exact.weight) * exact.rstd, x)
    losses, near = growth(n), _two_pass_backward(dy.astype(best.x.dtype), best)
    return Gradients(
        bounded(gradients[0], terms * scale, losses * conditioned * scale, near[0], dtype),
        bounded(gradients[1], size_weight, losses * (of_weight + kappa * of_bias), near[1], dtype),
        bounded(gradients[2], size_bias, losses * of_bias, near[2], dtype),
    )


def rounded_sum(total: Array, terms: Array) -> Array:
    """What a sum per channel must be rounded at, where each of its terms was rounded, too.

    The sum itself, and the root of the terms' squares: their roundings are independent, so that of n
    equal ones sqrt(n) is left and not n.
    """
    return np.asarray(np.abs(total) + np.sqrt(np.square(terms).sum(space(terms))))


def _two_pass_backward(dy: Array, best: _Given) -> tuple[Array, Array, Array]:
    x, n, xhat = best.x, count(best.x), best.xhat
    dweight, dbias = (dy * xhat).sum(space(x)), dy.sum(space(x))
    if best.training:
        dy = dy - per_channel(dbias / n, x) - xhat * per_channel(dweight / n, x)
    return dy * per_channel(best.weight * best.rstd, x), dweight, dbias


def bounded(exact: Array, terms: Array, losses: Array, best: Array, dtype: str) -> Expected:
    """`terms` are rounded in the output type, `losses` are roundings of sums in the working type."""
    least = np.exp2(-24.0 if dtype == "float16" else -100.0)  # below the normal numbers
    bound = ROUNDINGS * unit(dtype) * terms + unit(working(dtype)) * losses + least
    if terms.ndim > 1:
        terms = np.broadcast_to(terms.max(space(terms), keepdims=True), terms.shape)
    return Expected(exact, bound.astype(np.float64), ulp(terms, dtype), rounded(best, dtype))
