"""Evaluation is one scale and shift per channel: folded into the convolution beside the layer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from bnref.conformance import numerics
from bnref.conformance.case import Case
from bnref.conformance.check import check
from bnref.conformance.floats import ulp, unit, working
from bnref.conformance.implementation import Array
from bnref.conformance.result import Finding
from bnref.conformance.watched import Watched
from bnref.oracle import batch_norm as oracle

EPS = 0.0137


@check("C27", needs="fold load")
def folding_keeps_the_output_of_evaluation(case: Case) -> Iterator[Finding]:
    """Convolution and layer folded into one give their output: weights below 0, a large bias, any eps.

    Plain and depthwise kernels.
    https://github.com/Tencent/ncnn/issues/1339 https://github.com/ultralytics/yolov3/issues/807
    https://github.com/traveller59/spconv/issues/634 https://github.com/open-mmlab/mmcv/issues/747
    https://github.com/pytorch/pytorch/issues/141116
    """
    for inputs in (3, 1):
        kernel, offset = case.draw((4, inputs, 3, 2)), case.draw((4,), mean=5.0)
        patches = case.draw((20, inputs * 6))
        layer, statistics = _ready(case)
        folded = _pair(layer.call("fold", kernel, offset), kernel.shape)
        if folded is None:
            yield _no_pair(case, "fold")
            return
        flat = kernel.reshape(4, -1).T, folded[0].reshape(4, -1).T
        y, found = patches @ flat[0] + offset, patches @ flat[1] + folded[1]
        size = np.abs(patches) @ np.abs(flat[0]) + np.abs(offset)
        expected = _evaluated(case, y, size, statistics)
        yield case.near(f"output of a kernel of {inputs} input channels", found, expected)


@check("C27", needs="fold_transposed load")
def folding_into_a_transposed_convolution_keeps_the_output(case: Case) -> Iterator[Finding]:
    """Transposed kernels have inputs first: the layer scales the second axis, of each group its own.

    https://github.com/Tencent/ncnn/issues/1339 https://github.com/open-mmlab/mmcv/issues/747
    https://github.com/pytorch/pytorch/issues/141116
    """
    for groups in (1, 2, 4):
        kernel, offset = case.draw((8, 4 // groups, 3)), case.draw((4,), mean=5.0)
        inputs = case.draw((20, 8))
        layer, statistics = _ready(case)
        found = layer.call("fold_transposed", kernel, offset, groups)
        folded = _pair(found, kernel.shape)
        if folded is None:
            yield _no_pair(case, "fold_transposed")
            return
        y, found = (_spread(inputs, *both, groups) for both in ((kernel, offset), folded))
        size = _spread(np.abs(inputs), np.abs(kernel), np.abs(offset), groups)
        expected = _evaluated(case, y, size, statistics)
        yield case.near(f"output of {groups} group{'s' * (groups > 1)}", found, expected)


@check("C27", needs="fold_before load")
def folding_before_a_convolution_keeps_the_output_or_is_refused(case: Case) -> Iterator[Finding]:
    """The layer folds into a convolution after it where nothing is padded; where zeros are, it raises.

    The padding comes after the layer and is not shifted by it: no kernel does that at the border.
    https://github.com/opencv/opencv/issues/28689 https://github.com/open-mmlab/mmdetection/issues/2924
    """
    kernel, offset, patches = case.draw((5, 4, 3)), case.draw((5,), mean=5.0), case.draw((20, 4, 3))
    layer, (mean, var, weight, bias) = _ready(case)
    folded = _pair(layer.call("fold_before", kernel, offset, 0), kernel.shape)
    if folded is None:
        yield _no_pair(case, "fold_before")
        return
    wide = patches.astype(numerics.judge(case.dtype))
    normal = oracle.evaluate(wide, mean, var, weight, bias, EPS)
    exact = np.einsum("nip,oip->no", normal, kernel.astype(normal.dtype)) + offset
    rows, slope = np.abs(weight) / np.sqrt(var + EPS), numerics.per_channel
    terms = slope(rows, wide) * (np.abs(wide) + slope(np.abs(mean), wide)) + slope(
        np.abs(bias), wide
    )
    size = np.einsum("nip,oip->no", terms, np.abs(kernel)) + np.abs(offset)
    found = np.einsum("nip,oip->no", patches, folded[0]) + folded[1]
    bound = (40 * unit(working(case.dtype)) * size).astype(np.float64)
    expected = numerics.Expected(exact, bound, ulp(size, working(case.dtype)), exact)
    yield case.near("output without padding", found, expected)
    _, error = layer.attempt("fold_before", kernel, offset, 1)
    found = (
        f"{type(error).__name__}: {error}" if error else "a kernel, which is wrong at the border"
    )
    yield case.holds("padding of 1", error is not None, "an exception", found)


@check("C27", needs="fold load")
def folding_without_statistics_is_refused(case: Case) -> Iterator[Finding]:
    """A layer that tracks nothing computes by its batch, which no kernel does: fold raises.

    https://github.com/open-mmlab/mmcv/issues/747 https://github.com/pytorch/pytorch/issues/141116
    """
    layer = case.layer(4, track=False)
    _, error = layer.attempt("fold", case.draw((4, 3, 3, 2)), case.draw((4,)))
    found = f"{type(error).__name__}: {error}" if error else "no exception"
    yield case.holds("fold", error is not None, "an exception", found)


Statistics = tuple[Array, Array, Array, Array]


def _ready(case: Case) -> tuple[Watched, Statistics]:
    """A layer of 4 channels, and its mean, variance, weight and bias."""
    layer, weight, bias = case.prepared(case.draw(case.shape(2, 4, 1, 1)), eps=EPS)
    mean, var = case.statistics(4)
    layer.load(running_mean=mean, running_var=var)
    return layer, (mean, var, weight, bias)


def _pair(found: Any, shape: tuple[int, ...]) -> tuple[Array, Array] | None:
    """Kernel and bias, None where these are not what was returned."""
    if not isinstance(found, tuple | list) or len(found) != 2:
        return None
    kernel, bias = (np.asarray(value) for value in found)
    return (kernel, bias) if kernel.shape == shape and bias.ndim == 1 else None


def _no_pair(case: Case, method: str) -> Finding:
    return case.holds(
        method, False, "a kernel and a bias of the shapes that it was given", "others"
    )


def _spread(inputs: Array, kernel: Array, bias: Array, groups: int) -> Array:
    """The transposed convolution (N, O, size) of inputs at one place (N, I), by group."""
    inner = inputs.reshape(len(inputs), groups, -1)
    outer = kernel.reshape(groups, inner.shape[2], *kernel.shape[1:])
    y = np.einsum("ngi,giop->ngop", inner, outer).reshape(len(inputs), -1, kernel.shape[2])
    return np.asarray(y + bias[:, None])


def _evaluated(case: Case, y: Array, size: Array, statistics: Statistics) -> numerics.Expected:
    """The layer's output where the convolution's is y, a sum of terms of this size in all."""
    _, var, weight, _ = statistics
    expected = numerics.evaluate(y, *statistics, EPS, case.dtype)
    scale = numerics.per_channel(np.abs(weight) / np.sqrt(var + EPS), y)
    slack = 40 * unit(working(case.dtype)) * size * scale
    return replace(expected, bound=expected.bound + slack)
