"""Layers that normalise each sample by itself: group, layer, instance and RMS norm, by their formulas."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bnref.conformance import sample_numerics as numerics
from bnref.conformance.case import Case
from bnref.conformance.check import SAMPLES, check
from bnref.conformance.floats import rounded
from bnref.conformance.implementation import Array
from bnref.conformance.numerics import Expected, Gradients
from bnref.conformance.result import Finding
from bnref.conformance.watched import NotApplicable, Watched

SHAPES = ((5, 6), (4, 6, 5), (3, 6, 2, 7), (2, 6, 3, 1, 5))
GROUPS = (2, 3, 1)
"""Of 6 channels: groups of 3, 2 and 6, mostly no power of two."""
RATIOS = {"float64": (1e3, 1e6), "float32": (1e2, 1e4), "float16": (10, 100), "bfloat16": (10, 30)}
EPS = 0.0137
LARGE = (3, 18, 8, 8)


@check("C34", needs="train evaluate load", of=SAMPLES)
def samples_are_normalised_by_their_own_statistics(case: Case) -> Iterator[Finding]:
    """weight * (x - mean) / sqrt(var + eps) + bias, of each sample's groups, in training as in evaluation.

    In every rank and type, groups whose size is no power of two; RMS norm without mean and bias.
    https://github.com/FlagOpen/FlagGems/issues/4984 https://github.com/pytorch/pytorch/issues/140913
    https://github.com/pytorch/pytorch/issues/115940 https://github.com/pytorch/pytorch/issues/111824
    """
    for dtype, shape, groups in _settings(case):
        x = case.draw(shape, dtype)
        layer, _, expected = _expected(case, x, groups, dtype)
        what = f"of {shape} in {groups} groups, {dtype}"
        yield case.near(f"y of training, {what}", layer.train(x), expected)
        yield case.near(f"y of evaluation, {what}", layer.evaluate(x), expected)


@check("C34", needs="train backward load", of=SAMPLES)
def gradients_within_samples_are_those_of_the_formula(case: Case) -> Iterator[Finding]:
    """dx through the statistics of each sample's groups, dweight and dbias over all samples.

    https://github.com/pytorch/pytorch/pull/190245 https://github.com/pytorch/pytorch/issues/140913
    https://github.com/FlagOpen/FlagGems/issues/4984
    """
    for dtype, shape, groups in _settings(case):
        x, dy = case.draw(shape, dtype), case.draw(shape, dtype)
        layer, weight, _ = case.prepared(x, dtype, eps=EPS, groups=groups)
        layer.train(x)
        pools = case.implementation.pools
        gradients = numerics.backward(dy, x, weight, pools, groups, EPS, dtype)
        what = f"of {shape} in {groups} groups, {dtype}"
        yield from _gradients(case, layer.backward(dy), gradients, what)


@check("C34", "C16", needs="train backward load", of=SAMPLES)
def a_large_mean_of_a_sample_costs_no_more_than_its_size(case: Case) -> Iterator[Finding]:
    """The errors of output and gradients grow with mean / std and not with its square.

    https://github.com/pytorch/pytorch/issues/111824 https://github.com/pytorch/pytorch/issues/115940
    """
    for dtype in case.dtypes:
        for ratio in RATIOS[dtype]:
            shape = case.shape(3, 6, 5, 2)
            groups = _groups(case, 6)[0]
            x = case.draw(shape, dtype, mean=0.0, std=0.37)  # one mean, or groups differ within
            x = rounded(x.astype("float64") + 0.37 * ratio, dtype)
            dy = case.draw(shape, dtype)
            layer, weight, expected = _expected(case, x, groups, dtype)
            what = f"at mean / std = {ratio:g} in {dtype}"
            yield case.near(f"y {what}", layer.train(x), expected)
            pools = case.implementation.pools
            gradients = numerics.backward(dy, x, weight, pools, groups, EPS, dtype)
            yield case.near(f"dx {what}", layer.backward(dy)[0], gradients.dx)


@check("C34", "C10", needs="train backward load", of=SAMPLES)
def halves_of_a_sample_sum_in_a_wider_type(case: Case) -> Iterator[Finding]:
    """Hundreds of half values per group, near the largest half too, give what wide sums give.

    https://github.com/pytorch/pytorch/pull/190245
    """
    for dtype in case.halves():
        for mean, std in ((20000.0, 5000.0), (0.5, 0.25)):
            groups = 18 if case.implementation.pools == "instance" else 1
            shape = case.shape(*LARGE)
            x, dy = case.draw(shape, dtype, mean=mean, std=std), case.draw(shape, dtype, mean=0.5)
            x = case.made(np.clip(x, -59904, 59904), "np.clip({0}, -59904, 59904)", x)
            layer, weight, expected = _expected(case, x, groups, dtype)
            what = f"of values about {mean:g} in {dtype}"
            yield case.near(f"y {what}", layer.train(x), expected)
            pools = case.implementation.pools
            gradients = numerics.backward(dy, x, weight, pools, groups, EPS, dtype)
            yield from _gradients(case, layer.backward(dy), gradients, what)


@check("C35", "C34", needs="train backward load", of=SAMPLES)
def the_rest_of_the_batch_does_not_matter(case: Case) -> Iterator[Finding]:
    """A sample's output and dx are alone what they are among others: why such layers bear small batches.

    https://github.com/open-mmlab/mmdetection/issues/453 https://github.com/KimSoybean/ScratchDet/issues/5
    https://github.com/pytorch/pytorch/issues/40711
    """
    shape, groups = case.shape(5, 6, 3, 2), _groups(case, 6)[0]
    x, dy = case.draw(shape), case.draw(shape)
    layer, weight, expected = _expected(case, x, groups, case.dtype)
    y = layer.train(x).copy()
    dx = layer.backward(dy)[0].copy()
    pools = case.implementation.pools
    gradients = numerics.backward(dy, x, weight, pools, groups, EPS, case.dtype)
    for n in range(len(x)):
        alone = case.made(x[n : n + 1], f"{{0}}[{n}:{n + 1}]", x)
        near = _of_sample(expected.around(y), n)
        yield case.near(f"y of sample {n} alone", layer.train(alone), near)
        cotangent = case.made(dy[n : n + 1], f"{{0}}[{n}:{n + 1}]", dy)
        near = _of_sample(gradients.dx.around(dx), n)
        yield case.near(f"dx of sample {n} alone", layer.backward(cotangent)[0], near)


@check("C34", "C12", needs="train backward load", of=SAMPLES)
def memory_format_of_samples_does_not_matter(case: Case) -> Iterator[Finding]:
    """Channels-last and sliced inputs and cotangents give what contiguous ones give.

    https://github.com/pytorch/pytorch/issues/111824 https://github.com/pytorch/pytorch/issues/46086
    """
    if not case.implementation.strides:
        raise NotApplicable("what is handed over is copied first (strides=True)")
    groups, last = _groups(case, 6)[0], "np.moveaxis(np.moveaxis({0}, 1, -1).copy(), -1, 1)"
    large, dy = case.draw(case.shape(5, 6, 5, 2)), case.draw(case.shape(5, 6, 5, 2))
    moved = (np.moveaxis(np.moveaxis(a, 1, -1).copy(), -1, 1) for a in (large, dy))
    pairs = {
        "channels last": tuple(
            case.made(m, last, a) for m, a in zip(moved, (large, dy), strict=True)
        ),
        "x[1::2]": tuple(case.made(a[1::2], "{0}[1::2]", a) for a in (large, dy)),
    }
    for name, (x, cotangent) in pairs.items():
        layer, weight, expected = _expected(case, x, groups, case.dtype)
        yield case.near(f"y, {name}", layer.train(x), expected)
        pools = case.implementation.pools
        gradients = numerics.backward(cotangent, x, weight, pools, groups, EPS, case.dtype)
        yield from _gradients(case, layer.backward(cotangent), gradients, name)


def _groups(case: Case, channels: int) -> tuple[int, ...]:
    """The numbers of groups to ask for."""
    pools = case.implementation.pools
    return GROUPS if pools == "group" else (channels if pools == "instance" else 1,)


def _settings(case: Case) -> Iterator[tuple[str, tuple[int, ...], int]]:
    for dtype in case.dtypes:
        for shape in (shape for shape in SHAPES if len(shape) in case.implementation.ranks):
            for groups in _groups(case, shape[1]):
                yield dtype, shape, groups


def _expected(case: Case, x: Array, groups: int, dtype: str) -> tuple[Watched, Array, Expected]:
    """A fresh layer for x, its weight, and what it must return."""
    layer, weight, bias = case.prepared(x, dtype, eps=EPS, groups=groups)
    pools = case.implementation.pools
    return layer, weight, numerics.forward(x, weight, bias, pools, groups, EPS, dtype)


def _gradients(
    case: Case, found: tuple[Array, Array, Array], gradients: Gradients, what: str
) -> Iterator[Finding]:
    for name, gradient in zip(("dx", "dweight", "dbias"), found, strict=True):
        if name != "dbias" or case.implementation.pools != "rms":
            yield case.near(f"{name} {what}", gradient, getattr(gradients, name))


def _of_sample(expected: Expected, n: int) -> Expected:
    fields = (expected.exact, expected.bound, expected.ulp, expected.best)
    exact, bound, ulp, best = (np.asarray(a)[n : n + 1] for a in fields)
    return Expected(exact, bound, ulp, best)
