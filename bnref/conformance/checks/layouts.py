"""The same numbers in other places of memory. For implementations that see the strides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from bnref.conformance import numerics
from bnref.conformance.case import Case
from bnref.conformance.check import check
from bnref.conformance.implementation import Array
from bnref.conformance.result import Finding
from bnref.conformance.watched import STATISTICS, NotApplicable

EPS = 0.0137
SEEN = (
    "what is handed over is copied first, so the implementation never sees strides (strides=True)"
)


@check("C12", "C26", needs="train evaluate backward state load")
def memory_format_does_not_matter(case: Case) -> Iterator[Finding]:
    """Channels-last, permuted and expanded inputs and cotangents give what contiguous ones give.

    Output of both modes, all three gradients and the statistics.
    https://github.com/pytorch/pytorch/issues/175189 https://github.com/pytorch/pytorch/issues/62594
    https://github.com/pytorch/pytorch/issues/134580 https://github.com/ROCm/pytorch/issues/1561
    https://github.com/pytorch/pytorch/issues/62967 https://github.com/pytorch/pytorch/issues/60063
    """
    for dtype in case.dtypes:
        x, dy = (case.draw(case.shape(4, 3, 5, 2), dtype) for _ in range(2))
        samples = case.made(np.asfortranarray(x), "np.asfortranarray({0})", x)
        yield from _alike(case, x, _last(case, x), dy, f"channels last in {dtype}", dtype)
        yield from _alike(case, x, samples, dy, f"samples innermost in {dtype}", dtype)
        cotangent = f"a channels-last cotangent in {dtype}"
        yield from _alike(case, x, x, _last(case, dy), cotangent, dtype)
        cotangent = f"an expanded cotangent in {dtype}"
        yield from _alike(case, x, x, _expanded(case, dy), cotangent, dtype)
        view = _expanded(case, x)
        contiguous = np.ascontiguousarray(view)
        yield from _alike(case, contiguous, view, dy, f"expanded in {dtype}", dtype)


@check("C13", "C26", needs="train evaluate backward state load")
def slices_and_offsets_do_not_matter(case: Case) -> Iterator[Finding]:
    """Inputs that start within a storage or step through it give what their copies give.

    https://github.com/pytorch/pytorch/issues/133520 https://github.com/pytorch/pytorch/issues/156555
    """
    dtype = case.dtype
    large, dy = case.draw(case.shape(9, 6, 5, 4), dtype), case.draw(case.shape(9, 6, 5, 4), dtype)
    slices: dict[str, Any] = {
        "x[1:]": np.s_[1:],
        "x[::2]": np.s_[::2],
        "x[:, ::2]": np.s_[:, ::2],
        "x[:, 2:5]": np.s_[:, 2:5],
        "x[..., 1:]": np.s_[..., 1:],
        "x[1:, 1::2, 1:]": np.s_[1:, 1::2, 1:] if large.ndim > 2 else np.s_[1:, 1::2],
    }
    for name, part in slices.items():
        x = case.made(large[part], f"{{0}}{name[1:]}", large)
        cotangent = case.made(dy[part], f"{{0}}{name[1:]}", dy)
        yield from _alike(case, np.ascontiguousarray(x), x, cotangent, name, dtype)


def _last(case: Case, x: Array) -> Array:
    """The same array with the channels innermost in memory."""
    code = "np.moveaxis(np.ascontiguousarray(np.moveaxis({0}, 1, -1)), -1, 1)"
    return case.made(np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 1, -1)), -1, 1), code, x)


def _expanded(case: Case, x: Array) -> Array:
    """The first position of the last axis in place of all, with stride 0."""
    view = np.lib.stride_tricks.as_strided(x, x.shape, (*x.strides[:-1], 0))
    code = "(lambda x: np.lib.stride_tricks.as_strided(x, x.shape, (*x.strides[:-1], 0)))({0})"
    return case.made(view, code, x)


def _alike(
    case: Case, x: Array, view: Array, dy: Array, name: str, dtype: str
) -> Iterator[Finding]:
    if not case.implementation.strides:
        raise NotApplicable(SEEN)
    layer, weight, bias = case.prepared(x, dtype, eps=EPS, momentum=1.0)
    y = layer.train(view)
    expected = numerics.forward(x, weight, bias, EPS, dtype)
    yield case.near(f"y of training, {name}", y, expected)
    gradients = numerics.backward(np.ascontiguousarray(dy), x, weight, EPS, dtype)
    for kind, gradient in zip(("dx", "dweight", "dbias"), layer.backward(dy), strict=True):
        yield case.near(f"{kind}, {name}", gradient, getattr(gradients, kind))
    unbiased = case.conventions.running_variance == "unbiased"
    zero = np.zeros(x.shape[1])
    pair = numerics.running([x], 1.0, dtype, unbiased=unbiased, begin=(zero, zero))
    found = layer.statistics()
    for kind, value, near in zip(STATISTICS, found, pair, strict=True):
        yield case.near(f"{kind}, {name}", value, near)
    evaluated = numerics.evaluate(x, *found, weight, bias, EPS, dtype)
    yield case.near(f"y of evaluation, {name}", layer.evaluate(view), evaluated)
