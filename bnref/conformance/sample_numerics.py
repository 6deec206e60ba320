"""What a layer that normalises each sample by itself should compute, with bounds as in `numerics`.

A group of a sample is to it what a channel is to batch norm: seen as channels, groups get their bounds
there. RMS norm, which subtracts no mean, loses no more than its sum of squares does.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bnref.conformance import numerics
from bnref.conformance.floats import Array, growth, unit, working
from bnref.conformance.implementation import Pools
from bnref.conformance.numerics import (
    Expected,
    Gradients,
    bounded,
    judge,
    per_channel,
    rounded_sum,
    space,
)
from bnref.oracle import group_norm, rms_norm


def forward(
    x: Array, weight: Array, bias: Array, pools: Pools, groups: int, eps: float, dtype: str
) -> Expected:
    """The output for x (N, C, ...); RMS norm has neither groups nor bias."""
    wide = x.astype(judge(dtype))
    inner = _normalised(x, pools, groups, eps, dtype)
    gain, shift = per_channel(weight, x), per_channel(bias, x) * (pools != "rms")
    if pools == "rms":
        exact = rms_norm.forward(wide, weight, eps)
    else:
        exact = group_norm.forward(wide, weight, bias, groups, eps)[0]
    terms = np.abs(inner.exact * gain) + np.abs(shift)
    near = inner.best * gain.astype(inner.best.dtype) + shift.astype(inner.best.dtype)
    losses = np.abs(gain) * inner.bound / unit(working(dtype))
    return bounded(exact, terms, losses, near, dtype)


def backward(
    dy: Array, x: Array, weight: Array, pools: Pools, groups: int, eps: float, dtype: str
) -> Gradients:
    """The gradients for x (N, C, ...) and dy; that of RMS norm's bias is 0, as it has none."""
    wide, wide_dy = x.astype(judge(dtype)), dy.astype(judge(dtype))
    inner = _normalised(x, pools, groups, eps, dtype)
    gain = wide_dy * per_channel(weight, x)
    if pools == "rms":
        dx, dweight = rms_norm.backward(wide_dy, wide, weight, eps)
        dbias = np.zeros(x.shape[1], dx.dtype)
        of_x = _of_rms(dx, gain, inner, x, eps, dtype)
    else:
        dx, dweight, dbias = group_norm.backward(wide_dy, wide, weight, groups, eps)
        ones = np.ones(x.shape[0] * groups)
        of_x = numerics.backward(_merged(gain, groups), _merged(x, groups), ones, eps, dtype).dx
        of_x = replace(_unmerged(of_x, x), exact=dx)
    slopes, n = wide_dy * inner.exact, numerics.count(x)
    small = unit(working(dtype))
    losses = (
        growth(n) * np.abs(slopes).sum(space(x)) + (np.abs(dy) * inner.bound).sum(space(x)) / small
    )
    near = (dy.astype(inner.best.dtype) * inner.best).sum(space(x))
    total = np.abs(wide_dy).sum(space(x))
    return Gradients(
        of_x,
        bounded(dweight, rounded_sum(dweight, slopes), losses, near, dtype),
        bounded(dbias, rounded_sum(dbias, wide_dy), growth(n) * total, dbias, dtype),
    )


def _normalised(x: Array, pools: Pools, groups: int, eps: float, dtype: str) -> Expected:
    """xhat in the working type."""
    kind = working(dtype)
    if pools != "rms":
        ones = np.ones(x.shape[0] * groups)
        return _unmerged(numerics.forward(_merged(x, groups), ones, 0 * ones, eps, kind), x)
    exact = rms_norm.forward(x.astype(judge(dtype)), np.ones(x.shape[1]), eps)
    near = x.astype(kind) / _rms(x.astype(kind), eps)
    size = np.abs(exact)
    return bounded(exact, size, growth(x[0].size) * size, near, kind)


def _of_rms(dx: Array, gain: Array, inner: Expected, x: Array, eps: float, dtype: str) -> Expected:
    """dx of RMS norm: (g - xhat E[g xhat]) / rms."""
    axes, rms = tuple(range(1, x.ndim)), _rms(x.astype(judge(dtype)), eps)
    slope = np.abs(gain * inner.exact).mean(axes, keepdims=True)
    terms = (np.abs(gain) + np.abs(inner.exact) * slope) / rms
    near, g = inner.best, gain.astype(inner.best.dtype)
    near = (g - near * (g * near).mean(axes, keepdims=True)) / _rms(x.astype(near.dtype), eps)
    return bounded(dx, terms, growth(x[0].size) * terms, near, dtype)


def _rms(x: Array, eps: float) -> Array:
    """sqrt(E[x^2] + eps) (N, 1, ...), in the type of x."""
    square = np.square(x).mean(tuple(range(1, x.ndim)), keepdims=True)
    return np.asarray(np.sqrt(square + np.asarray(eps, x.dtype)))


def _merged(x: Array, groups: int) -> Array:
    """(1, N groups, values of a group): groups of samples as channels of one sample."""
    return np.ascontiguousarray(x).reshape(1, x.shape[0] * groups, -1)


def _unmerged(found: Expected, x: Array) -> Expected:
    exact, bound, ulp, best = (
        np.asarray(a).reshape(x.shape) for a in (found.exact, found.bound, found.ulp, found.best)
    )
    return Expected(exact, bound, ulp, best)
