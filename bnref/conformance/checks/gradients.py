"""What the backward pass computes, with cotangents that are never uniform."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from bnref.conformance import numerics
from bnref.conformance.case import Case
from bnref.conformance.check import check
from bnref.conformance.floats import growth, ulp, unit, working
from bnref.conformance.implementation import Array
from bnref.conformance.result import Finding
from bnref.conformance.watched import STATISTICS, Watched
from bnref.oracle import batch_norm as oracle

SHAPES = ((5, 3), (7, 3, 5), (3, 5, 2, 7), (3, 3, 3, 1, 5))
EPS = 0.0137
GRADIENTS = ("dx", "dweight", "dbias")
FLOOR = 1e-12
"""What the long doubles of the formula leave of a derivative's relative error, with room."""
STILL = 1e-6
"""What two compilations of one step may differ by."""
STEPS = tuple(k * 2.0**-10 for k in (1, -1, 2, -2, 4, -4))
RATES = tuple(w * 2.0**10 / 360 for w in (256, -256, -40, 40, 1, -1))
"""Where a derivative is taken and what each place weighs: central differences, Richardson's rule twice."""


@check("C25", "C26", "C36", needs="train backward load")
def training_gradients_are_those_of_the_formula(case: Case) -> Iterator[Finding]:
    """dx, dweight and dbias of training, through mean and variance, for a random cotangent.

    https://github.com/HomericIntelligence/Mnemosyne/issues/730 https://github.com/pytorch/pytorch/issues/175189
    https://github.com/pytorch/xla/issues/913 https://github.com/pytorch/pytorch/issues/168800
    """
    for dtype in case.dtypes:
        for shape in (shape for shape in SHAPES if len(shape) in case.implementation.ranks):
            x, dy = case.draw(shape, dtype), case.draw(shape, dtype)
            layer, weight, _ = case.prepared(x, dtype, eps=EPS)
            layer.train(x)
            found, expected = layer.backward(dy), numerics.backward(dy, x, weight, EPS, dtype)
            for name, gradient in zip(GRADIENTS, found, strict=True):
                yield case.near(f"{name} of {shape} in {dtype}", gradient, getattr(expected, name))


@check("C15", needs="evaluate backward load")
def evaluation_gradients_are_those_of_the_formula(case: Case) -> Iterator[Finding]:
    """In evaluation dx is weight / sqrt(running_var + eps) dy, and the others are plain sums.

    https://github.com/pytorch/xla/issues/3361 https://github.com/pytorch/pytorch/issues/586
    https://github.com/apache/mxnet/issues/9580 https://github.com/HomericIntelligence/Odyssey/issues/3665
    https://github.com/FluxML/NNlib.jl/pull/757 https://github.com/soumith/cudnn.torch/issues/244
    """
    for dtype in case.dtypes:
        for shape in (shape for shape in SHAPES if len(shape) in case.implementation.ranks):
            x, dy = case.draw(shape, dtype), case.draw(shape, dtype)
            layer, weight, _ = case.prepared(x, dtype, eps=EPS)
            mean, var = case.statistics(x.shape[1])
            layer.load(running_mean=mean, running_var=var)
            layer.evaluate(x)
            found = layer.backward(dy)
            expected = numerics.evaluate_backward(dy, x, mean, var, weight, EPS, dtype)
            for name, gradient in zip(GRADIENTS, found, strict=True):
                yield case.near(f"{name} of {shape} in {dtype}", gradient, getattr(expected, name))


@check("C15", "C18", needs="train evaluate backward state")
def backward_is_repeatable_and_moves_nothing(case: Case) -> Iterator[Finding]:
    """A second backward gives the first one's gradients; the state is as before, in both modes.

    https://github.com/pytorch/xla/issues/913 https://github.com/pytorch/pytorch/issues/586
    """
    shape = case.shape(5, 3, 2, 3)
    x, dy = case.draw(shape), case.draw(shape)
    layer, weight, _ = case.prepared(x, eps=EPS)
    for method in (layer.train, layer.evaluate):
        method(x)
        before = layer.state()
        first = [gradient.copy() for gradient in layer.backward(dy)]
        expected = numerics.backward(dy, x, weight, EPS, case.dtype)
        for name, found, kept in zip(GRADIENTS, layer.backward(dy), first, strict=True):
            near = getattr(expected, name).around(kept)
            yield case.near(f"{name} of a second backward", found, near)
        after = layer.state()
        for name in before:
            yield case.same(f"{name} after backward", after[name], before[name])


@check("C25", needs="train backward load")
def input_gradient_sums_to_zero(case: Case) -> Iterator[Finding]:
    """In training the output ignores a shift of the input, so dx sums to zero in every channel.

    https://github.com/HomericIntelligence/Mnemosyne/issues/730
    """
    shape = case.shape(6, 3, 3, 3)
    x, dy = case.draw(shape), case.draw(shape, mean=1.5, std=1.0)
    layer, weight, _ = case.prepared(x, eps=EPS)
    layer.train(x)
    expected = numerics.backward(dy, x, weight, EPS, case.dtype).dx
    dx, axes = layer.backward(dy)[0], numerics.space(x)
    zero = np.zeros(3, expected.exact.dtype)
    total = numerics.Expected(
        zero, expected.bound.sum(axes), expected.ulp.max(axes), expected.best.sum(axes)
    )
    yield case.near("sum of dx", dx.astype(zero.dtype).sum(axes), total)


@check("C25", "C36", needs="train backward load")
def input_gradient_is_orthogonal_to_the_input_but_for_eps(case: Case) -> Iterator[Finding]:
    """In training <dx, xhat> is weight <dy, xhat> eps / (var + eps)^(3/2): nothing where eps is 0.

    https://github.com/HomericIntelligence/Mnemosyne/issues/730
    """
    shape = case.shape(6, 3, 3, 3)
    for eps in (1e-5, 0.5):
        x, dy = case.draw(shape), case.draw(shape)
        layer, weight, _ = case.prepared(x, eps=eps)
        layer.train(x)
        gradients = numerics.backward(dy, x, weight, eps, case.dtype)
        mean, var = oracle.moments(x.astype(numerics.judge(case.dtype)))
        rstd = 1 / np.sqrt(var + eps)
        xhat = (x - numerics.per_channel(mean, x)) * numerics.per_channel(rstd, x)
        axes, near = numerics.space(x), gradients.dx
        exact = weight * rstd**3 * eps * (dy * xhat).sum(axes)
        bound = (np.abs(xhat) * near.bound).sum(axes).astype(np.float64)
        best = (near.best * xhat).sum(axes)
        found = (layer.backward(dy)[0] * xhat).sum(axes)
        expected = numerics.Expected(exact, bound, near.ulp.max(axes), best)
        yield case.near(f"<dx, xhat> at eps {eps:g}", found, expected)


@check("C17", needs="train backward state load")
def buffers_may_be_set_between_forward_and_backward(case: Case) -> Iterator[Finding]:
    """Statistics that a broadcast overwrites after the forward leave backward working, and right.

    https://github.com/pytorch/pytorch/issues/22095 https://github.com/pytorch/pytorch/issues/73332
    https://github.com/pytorch/pytorch/issues/65907 https://github.com/NVlabs/FUNIT/issues/53
    """
    shape = case.shape(5, 3, 3, 1)
    x, dy = case.draw(shape), case.draw(shape)
    layer, weight, _ = case.prepared(x, eps=EPS)
    layer.train(x)
    layer.load(**dict(zip(STATISTICS, case.statistics(3), strict=True)))
    expected = numerics.backward(dy, x, weight, EPS, case.dtype)
    yield case.near("dx of training", layer.backward(dy)[0], expected.dx)
    mean, var = case.statistics(3)
    layer.load(running_mean=mean, running_var=var)
    layer.evaluate(x)
    layer.load(**dict(zip(STATISTICS, case.statistics(3), strict=True)))
    expected = numerics.evaluate_backward(dy, x, mean, var, weight, EPS, case.dtype)
    yield case.near("dx of evaluation", layer.backward(dy)[0], expected.dx)


@check("C24", needs="double_backward load")
def second_derivatives_are_those_of_the_formula(case: Case) -> Iterator[Finding]:
    """The gradients of <dx, v> by x and by dy, in both modes, are the formula's; at most one step is made.

    https://github.com/pytorch/pytorch/issues/4422 https://github.com/pytorch/pytorch/issues/186256
    https://github.com/FluxML/NNlib.jl/pull/757
    """
    shape = case.shape(4, 3, 2, 1)
    x, dy, v = (case.draw(shape, mean=0.4, std=1.0) for _ in range(3))
    wide_x, wide_dy, wide_v = (a.astype(numerics.judge(case.dtype)) for a in (x, dy, v))
    for training in (True, False):
        layer, weight, _ = case.prepared(x, eps=EPS)
        mean, var = case.statistics(3)
        layer.load(running_mean=mean, running_var=var)
        inner = _inner(training, weight, mean, var)
        by_x = _slopes(lambda x: inner(x, wide_dy, wide_v), wide_x)  # noqa: B023 # called here
        by_dy = _slopes(lambda dy: inner(wide_x, dy, wide_v), wide_dy)  # noqa: B023
        found = layer.call("double_backward", x, dy, v, training)
        if not isinstance(found, tuple | list) or len(found) != 2:
            yield case.holds("double_backward", False, "two gradients", f"{type(found).__name__}")
            continue
        mode = "training" if training else "evaluation"
        size = np.abs(by_x).max() + np.abs(by_dy).max()
        for name, gradient, exact in zip(("x", "dy"), found, (by_x, by_dy), strict=True):
            gradient = layer.values("double_backward", np.asarray(gradient), x.shape, name)
            yield case.near(f"gradient by {name} in {mode}", gradient, _alike(case, exact, size, x))
        if layer.has("state") and layer.has("train"):
            yield from _stepped_once(case, layer, x, (mean, var), training)


@check("C24", needs="triple_backward load")
def third_derivatives_are_those_of_the_formula_or_refused(case: Case) -> Iterator[Finding]:
    """The gradient by x of <d<dx, v>/dx, w>, in both modes, is the formula's; or it raises.

    An implementation may end at second derivatives, but it has to say so.
    https://github.com/pytorch/pytorch/issues/186256 https://github.com/pytorch/pytorch/pull/186779
    """
    shape = case.shape(4, 3, 2, 1)
    arrays = tuple(case.draw(shape, mean=0.4, std=1.0) for _ in range(4))
    x, dy, v, w = (a.astype(numerics.judge(case.dtype)) for a in arrays)
    for training in (True, False):
        layer, weight, _ = case.prepared(x.astype(arrays[0].dtype), eps=EPS)
        mean, var = case.statistics(3)
        layer.load(running_mean=mean, running_var=var)
        mode = "training" if training else "evaluation"
        found, error = layer.attempt("triple_backward", *arrays, training)
        if error is not None:
            yield case.holds(f"the gradient in {mode}", True, "refused", f"{error}")
            continue
        inner = _inner(training, weight, mean, var)
        slopes = [
            _slopes(lambda x: inner(x, dy, v), x + step * w)  # noqa: B023 # called here
            for step in STEPS
        ]
        exact = np.sum([rate * slope for rate, slope in zip(RATES, slopes, strict=True)], axis=0)
        found = layer.values("triple_backward", np.asarray(found), x.shape, "the gradient")
        size = np.abs(exact).max() + np.abs(slopes[0]).max() * np.abs(w).max()
        yield case.near(f"the gradient in {mode}", found, _alike(case, exact, size, arrays[0]))


@check("C22", needs="per_sample load")
def gradients_per_sample_are_those_of_each_sample(case: Case) -> Iterator[Finding]:
    """In evaluation the gradients of weight and bias per sample are those of a loop over samples.

    https://github.com/pytorch/functorch/issues/384 https://github.com/pytorch/functorch/issues/867
    https://github.com/pytorch/functorch/issues/986 https://github.com/RAI-SCC/torch_blue/issues/61
    """
    shape = case.shape(4, 3, 5, 1)
    x, dy = case.draw(shape), case.draw(shape)
    layer, weight, _ = case.prepared(x, eps=EPS)
    mean, var = case.statistics(3)
    layer.load(running_mean=mean, running_var=var)
    found = layer.call("per_sample", x, dy)
    if layer.has("state"):
        for name, value, kept in zip(STATISTICS, layer.statistics(), (mean, var), strict=True):
            yield case.same(f"{name} afterwards", value.astype("float32"), kept)
    for n in range(len(x)):
        one = x[n : n + 1], mean, var, weight, EPS, case.dtype
        expected = numerics.evaluate_backward(dy[n : n + 1], *one)
        for name, gradient in zip(("dweight", "dbias"), found, strict=True):
            gradient = np.asarray(gradient)
            shaped = gradient.shape == (len(x), 3)
            if not shaped:
                yield case.holds(name, False, f"shape {(len(x), 3)}", f"shape {gradient.shape}")
                return
            yield case.near(f"{name} of sample {n}", gradient[n], getattr(expected, name))


def _inner(training: bool, weight: Array, mean: Array, var: Array) -> Any:
    """<dx, v> of each channel, as a function of x, dy and v."""

    def of(x: Array, dy: Array, v: Array) -> Array:
        if training:
            dx = oracle.backward(dy, x, weight, EPS)[0]
        else:
            dx = oracle.evaluate_backward(dy, x, mean, var, weight, EPS)[0]
        return (dx * v).sum(numerics.space(x))

    return of


def _slopes(function: Any, at: Array) -> Array:
    """The derivative of the sum of a function's values by each entry: its slope along i, exactly."""
    slopes, step = np.zeros_like(at), 1e-30
    for place in np.ndindex(at.shape):
        there = at.astype(np.result_type(at, np.complex128))
        there[place] += 1j * step
        slopes[place] = function(there).sum().imag / step
    return slopes


def _alike(case: Case, exact: Array, size: float, x: Array) -> numerics.Expected:
    """The expected derivative, whose terms are of this size and come of sums over x."""
    losses = (
        20 * growth(numerics.count(x)) * (1 + float(np.abs(x).max())) * unit(working(case.dtype))
    )
    bound = np.full(x.shape, (losses + 4 * unit(case.dtype) + FLOOR) * size, np.float64)
    return numerics.Expected(exact, bound, ulp(np.full(x.shape, size), case.dtype), exact)


def _stepped_once(
    case: Case, layer: Watched, x: Array, begin: tuple[Array, Array], training: bool
) -> Iterator[Finding]:
    """Afterwards the statistics are those of before or, in training, of one step."""
    other = case.layer(x.shape[1], x.ndim, eps=EPS)
    other.load(running_mean=begin[0], running_var=begin[1])
    allowed = [other.statistics()]
    if training:
        other.train(x)
        allowed.append(other.statistics())
    for i, (name, found) in enumerate(zip(STATISTICS, layer.statistics(), strict=True)):
        good = any(
            np.allclose(found, pair[i], rtol=STILL + 4 * unit(case.dtype), atol=0)
            for pair in allowed
        )
        told = "as before" + ", or as after one step" * training
        yield case.holds(f"{name} after a second backward", good, told, f"{found}")
