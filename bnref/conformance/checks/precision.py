"""Inputs on which sums and squares lose what they hold."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bnref.conformance import numerics
from bnref.conformance.case import Case
from bnref.conformance.check import check
from bnref.conformance.floats import LARGEST, rounded
from bnref.conformance.implementation import Array
from bnref.conformance.result import Finding
from bnref.conformance.watched import STATISTICS
from bnref.oracle import batch_norm as oracle

RATIOS = {
    "float64": (1, 1e3, 1e5, 1e7),
    "float32": (1, 1e1, 1e2, 1e3, 1e4, 1e5),
    "float16": (1, 10, 100),
    "bfloat16": (1, 10, 30),
}
EPS = 1e-3
HALF = ("float16", "bfloat16")


@check("C16", needs="train load state")
def a_large_mean_costs_no_more_than_its_size(case: Case) -> Iterator[Finding]:
    """The error grows with mean / std and not with its square, up to 1e5, in output and statistics.

    https://github.com/tenstorrent/tt-metal/issues/45968 https://github.com/google/flax/issues/1491
    https://github.com/BVLC/caffe/issues/3963 https://github.com/tensorflow/tensorflow/issues/3290
    https://github.com/keras-team/keras/issues/18795 https://github.com/pytorch/pytorch/issues/5410
    """
    unbiased = case.conventions.running_variance == "unbiased"
    for dtype in case.dtypes:
        for ratio in RATIOS[dtype]:
            x = case.draw(case.shape(9, 3, 3, 2), dtype, mean=0.37 * ratio, std=0.37)
            layer, weight, bias = case.prepared(x, dtype, eps=EPS, momentum=1.0)
            y = layer.train(x)
            expected = numerics.forward(x, weight, bias, EPS, dtype)
            yield case.near(f"y at mean / std = {ratio:g} in {dtype}", y, expected)
            begin = np.zeros(3), np.ones(3)
            _, var = numerics.running([x], 1.0, dtype, unbiased=unbiased, begin=begin)
            found = layer.statistics()[1]
            yield case.near(f"running_var at mean / std = {ratio:g} in {dtype}", found, var)
            least = f"{float(found.min()):.3g}"
            yield case.holds("running_var", bool((found >= 0).all()), "no less than 0", least)


@check("C10", "C16", needs="evaluate load")
def a_large_running_mean_costs_no_more_than_its_size(case: Case) -> Iterator[Finding]:
    """Evaluation, too, loses with mean / std in the wider type, where it folds the mean into the bias.

    https://github.com/pytorch/pytorch/issues/195701 https://github.com/pytorch/pytorch/issues/141116
    """
    for dtype in case.dtypes:
        for ratio in RATIOS[dtype]:
            x = case.draw(case.shape(9, 3, 3, 2), dtype, mean=0.37 * ratio, std=0.37)
            layer, weight, bias = case.prepared(x, dtype, eps=EPS)
            mean, var = (value.astype("float32") for value in numerics.two_pass(x, dtype))
            layer.load(running_mean=mean, running_var=var)
            expected = numerics.evaluate(x, mean, var, weight, bias, EPS, dtype)
            what = f"y of evaluation at mean / std = {ratio:g} in {dtype}"
            yield case.near(what, layer.evaluate(x), expected)


@check("C16", "C25", needs="train backward load")
def a_large_mean_leaves_the_gradients_right(case: Case) -> Iterator[Finding]:
    """The gradients, too, lose with mean / std and not with its square.

    https://github.com/pytorch/pytorch/issues/195701 https://github.com/jax-ml/jax/issues/33496
    """
    for dtype in case.dtypes:
        for ratio in RATIOS[dtype]:
            shape = case.shape(9, 3, 3, 2)
            x = case.draw(shape, dtype, mean=0.37 * ratio, std=0.37)
            dy = case.draw(shape, dtype)
            layer, weight, _ = case.prepared(x, dtype, eps=EPS)
            layer.train(x)
            expected = numerics.backward(dy, x, weight, EPS, dtype)
            dx, dweight, _ = layer.backward(dy)
            at = f"at mean / std = {ratio:g} in {dtype}"
            yield case.near(f"dx {at}", dx, expected.dx)
            yield case.near(f"dweight {at}", dweight, expected.dweight)


@check("C14", "C26", needs="train load state")
def a_constant_channel_gives_the_bias(case: Case) -> Iterator[Finding]:
    """A channel of equal values gives the bias, and a running_var that is finite and not negative.

    https://github.com/pytorch/pytorch/issues/8283 https://github.com/ROCm/MIOpen/issues/248
    """
    for dtype in case.dtypes:
        x = case.draw(case.shape(6, 3, 3, 1), dtype)
        x[:, 1] = rounded(np.array(0.1), dtype)
        x[:, 2] = rounded(np.array(-700.0), dtype)
        layer, weight, bias = case.prepared(x, dtype, eps=EPS, momentum=1.0)
        y = layer.train(x)
        expected = numerics.forward(x, weight, bias, EPS, dtype)
        yield case.near(f"y in {dtype}", y, expected)
        least = float(layer.statistics()[1].min())
        yield case.holds("running_var", least >= 0, "no less than 0", f"{least:.3g}")


@check("C14", "C26", needs="train backward load")
def a_constant_channel_has_finite_gradients(case: Case) -> Iterator[Finding]:
    """The gradients of a channel of equal values are finite: weight / sqrt(eps) (dy - mean dy).

    https://github.com/ROCm/MIOpen/issues/248 https://github.com/pytorch/pytorch/issues/8283
    """
    x, dy = case.draw(case.shape(6, 3, 3, 1)), case.draw(case.shape(6, 3, 3, 1))
    x[:, 1] = 2.5
    layer, weight, _ = case.prepared(x, eps=EPS)
    layer.train(x)
    expected = numerics.backward(dy, x, weight, EPS, case.dtype)
    yield case.near("dx", layer.backward(dy)[0], expected.dx)


@check("C10", needs="train load state")
def half_precision_sums_in_a_wider_type(case: Case) -> Iterator[Finding]:
    """Half inputs near the largest half, and thousands of them, give what wide sums give.

    https://github.com/pytorch/pytorch/issues/88474 https://github.com/pytorch/pytorch/issues/195701
    https://github.com/google-deepmind/dm-haiku/issues/396 https://github.com/pytorch/pytorch/issues/96798
    """
    for dtype in case.halves():
        for mean, std in ((30000.0, 5000.0), (100.0, 8.0), (0.5, 0.25)):
            x = case.draw(case.shape(64, 3, 8, 8), dtype, mean=mean, std=std)
            x = case.made(np.clip(x, -59904, 59904), "np.clip({0}, -59904, 59904)", x)
            layer, weight, bias = case.prepared(x, dtype, eps=EPS)
            expected = numerics.forward(x, weight, bias, EPS, dtype)
            what = f"y of 4096 values per channel about {mean:g} in {dtype}"
            yield case.near(what, layer.train(x), expected)


@check("C10", needs="train backward load")
def half_precision_gradients_sum_in_a_wider_type(case: Case) -> Iterator[Finding]:
    """The gradients of thousands of half values are those of sums in a wider type.

    https://github.com/pytorch/pytorch/issues/195701 https://github.com/NVIDIA/apex/issues/133
    """
    for dtype in case.halves():
        shape = case.shape(256, 3, 8, 8)
        x, dy = case.draw(shape, dtype), case.draw(shape, dtype, mean=0.5, std=1.0)
        layer, weight, _ = case.prepared(x, dtype, eps=EPS)
        layer.train(x)
        expected = numerics.backward(dy, x, weight, EPS, dtype)
        found = layer.backward(dy)
        for name, gradient in zip(("dx", "dweight", "dbias"), found, strict=True):
            yield case.near(f"{name} in {dtype}", gradient, getattr(expected, name))


@check("C10", needs="train load")
def very_small_and_very_large_values_normalise(case: Case) -> Iterator[Finding]:
    """Inputs a thousandth of the root of the type's range, and its inverse, are normalised alike.

    https://github.com/pytorch/pytorch/issues/115500 https://github.com/pytorch/pytorch/issues/90342
    """
    for dtype in (dtype for dtype in case.dtypes if dtype not in HALF):
        large = float(LARGEST[dtype]) ** 0.5 / 1000
        for scale, eps in ((large, EPS), (1 / large, 1e-5)):
            x = case.draw(case.shape(7, 3, 3, 1), dtype, mean=scale, std=scale)
            layer, weight, bias = case.prepared(x, dtype, eps=eps)
            expected = numerics.forward(x, weight, bias, eps, dtype)
            yield case.near(f"y of values about {scale:.0e} in {dtype}", layer.train(x), expected)


@check("C10", needs="train state")
def an_infinite_input_does_not_poison_the_statistics(case: Case) -> Iterator[Finding]:
    """After a batch with inf, as a skipped loss-scaling step has, the statistics are finite.

    https://github.com/pytorch/pytorch/issues/88474 https://github.com/pytorch/pytorch/issues/115500
    """
    x = case.draw(case.shape(6, 3, 3, 1))
    x[1, 0] = np.inf
    layer = case.layer(3, x.ndim)
    layer.attempt("train", x)
    value, error = layer.attempt("state")
    state: dict[str, Array] = {} if error else dict(value)
    for name in ("running_mean", "running_var"):
        found = np.asarray(state.get(name, 0.0))
        yield case.holds(name, bool(np.isfinite(found).all()), "finite", f"{found}")


@check("C11", needs="train state load")
def slow_statistics_move_in_half_precision(case: Case) -> Iterator[Finding]:
    """A thousand steps at momentum 0.001 move the statistics as in float64, within 2 % of the way.

    https://github.com/microsoft/onnxruntime/issues/6349 https://github.com/NVIDIA/Model-Optimizer/issues/738
    """
    for dtype in case.halves():
        x = case.draw(case.shape(5, 3, 1, 1), dtype, mean=1.5, std=2.0)
        layer = case.layer(3, x.ndim, dtype, momentum=0.001)
        begin = layer.statistics()
        for _ in range(1000):
            layer.call("train", x)
        left, m = 0.999**1000, numerics.count(x)
        mean, var = oracle.moments(x)
        if case.conventions.running_variance == "unbiased":
            var = var * m / (m - 1)
        ends = begin, (mean, var), layer.statistics()
        for name, first, goal, found in zip(STATISTICS, *ends, strict=True):
            exact = left * first + (1 - left) * goal
            off = np.abs(found - exact) / (np.abs(goal - first) + 0.05 * np.abs(goal))
            worst = int(np.argmax(off))
            way = f"{found[worst]:.5g} in {layer.state()[name].dtype}"
            good = bool((off < 0.02).all())
            yield case.holds(f"{name} of {dtype} input", good, f"{exact[worst]:.5g}", way)
