"""What training and evaluation compute."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bnref.conformance import numerics
from bnref.conformance.case import Case
from bnref.conformance.check import BATCH, SAMPLES, check
from bnref.conformance.draw import apart
from bnref.conformance.floats import unit
from bnref.conformance.implementation import Array
from bnref.conformance.result import Finding
from bnref.conformance.watched import NotApplicable

SHAPES = ((5, 3), (7, 3, 5), (3, 5, 2, 7), (3, 3, 3, 1, 5))
EPS = 0.0137
HUGE = 48
"""GiB that 2^31 values take with their output, their gradient, and what is computed on the way."""
ALIKE = 32769
"""Samples of 65537 positions that are more than 2^31 values."""


@check("C26", "C36", needs="train load")
def training_normalises_by_the_batch(case: Case) -> Iterator[Finding]:
    """Training returns weight * (x - mean) / sqrt(var + eps) + bias, var biased, of the batch.

    In every rank and type, sizes that are no powers of two, eps far from its default.
    https://github.com/pytorch/pytorch/issues/84962 https://github.com/pytorch/xla/issues/900
    https://github.com/ROCm/MIOpen/issues/1549 https://github.com/pytorch/pytorch/pull/179454
    https://github.com/chainer/chainer/issues/6908
    """
    for dtype in case.dtypes:
        for shape in (shape for shape in SHAPES if len(shape) in case.implementation.ranks):
            x = case.draw(shape, dtype)
            layer, weight, bias = case.prepared(x, dtype, eps=EPS)
            expected = numerics.forward(x, weight, bias, EPS, dtype)
            yield case.near(f"y of {shape} in {dtype}", layer.train(x), expected)


@check("C05", "C21", "C26", needs="evaluate load")
def evaluation_normalises_by_the_running_statistics(case: Case) -> Iterator[Finding]:
    """Evaluation returns weight * (x - running_mean) / sqrt(running_var + eps) + bias.

    https://github.com/pytorch/pytorch/issues/5406 https://github.com/pytorch/pytorch/issues/4741
    https://github.com/pytorch/ao/issues/4758 https://github.com/pytorch/xla/issues/220
    """
    for dtype in case.dtypes:
        for shape in (shape for shape in SHAPES if len(shape) in case.implementation.ranks):
            x = case.draw(shape, dtype)
            layer, weight, bias = case.prepared(x, dtype, eps=EPS)
            mean, var = case.statistics(x.shape[1])
            layer.load(running_mean=mean, running_var=var)
            expected = numerics.evaluate(x, mean, var, weight, bias, EPS, dtype)
            yield case.near(f"y of {shape} in {dtype}", layer.evaluate(x), expected)


@check("C26", needs="train")
def without_affine_the_output_is_normalised_only(case: Case) -> Iterator[Finding]:
    """A layer without weight and bias computes as with weight 1 and bias 0.

    https://github.com/pytorch/pytorch/issues/134580
    """
    x, dy = case.draw(case.shape(5, 3, 2, 3)), case.draw(case.shape(5, 3, 2, 3))
    layer = case.layer(3, x.ndim, eps=EPS, affine=False)
    expected = numerics.forward(x, np.ones(3), np.zeros(3), EPS, case.dtype)
    yield case.near("y", layer.train(x), expected)
    if layer.has("backward"):
        gradients = numerics.backward(dy, x, np.ones(3), EPS, case.dtype)
        yield case.near("dx", layer.backward(dy)[0], gradients.dx)


@check("C21", needs="train evaluate load")
def eps_is_the_one_that_was_asked_for(case: Case) -> Iterator[Finding]:
    """The eps within the square root, solved for from outputs, is the one given, in both modes.

    https://github.com/pytorch/ao/issues/4758 https://github.com/pytorch/pytorch/pull/179454
    """
    for eps in (1e-5, 1e-3, 0.0137):
        x = case.draw(case.shape(6, 3, 2, 1), mean=0.1, std=2 * eps**0.5)
        axes, one = numerics.space(x), np.ones(3, "float32")
        layer = case.layer(3, x.ndim, eps=eps)
        layer.load(weight=one, bias=0 * one, running_mean=0 * one, running_var=eps * one)
        evaluated, trained = layer.evaluate(x), layer.train(x)
        wide = x.astype(np.float64)
        for mode, y, square, var in (
            ("evaluation", evaluated, np.square(wide).sum(axes), float(np.float32(eps))),
            ("training", trained, wide.var(axes) * numerics.count(x), wide.var(axes)),
        ):
            found = square / np.square(y.astype(np.float64)).sum(axes) - var
            worst = found[np.argmax(np.abs(found - eps))]
            good = bool(np.all(np.abs(found - eps) < (0.02 + 16 * unit(case.dtype)) * eps))
            yield case.holds(f"eps of {mode}", good, f"{eps:g}", f"{worst:.4g}")


@check("C20", needs="train state load")
def training_output_ignores_momentum_and_running_statistics(case: Case) -> Iterator[Finding]:
    """What training returns is the same for every momentum and all running statistics.

    https://github.com/microsoft/onnxruntime/issues/29790
    https://github.com/microsoft/onnxruntime/issues/26584 https://github.com/pytorch/pytorch/issues/75252
    """
    x = case.draw(case.shape(5, 3, 3, 1))
    weight, bias = case.parameters(3)
    expected = numerics.forward(x, weight, bias, EPS, case.dtype)
    first = None
    for momentum in (0.1, 0.9, 0.0, 1.0):
        layer = case.layer(3, x.ndim, eps=EPS, momentum=momentum)
        layer.load(weight=weight, bias=bias)
        for step in range(2):
            if step:
                mean, var = case.statistics(3)
                layer.load(running_mean=mean, running_var=var)
            y = layer.train(x).copy()
            first = y if first is None else first
            what = f"y at momentum {momentum:g}" + " and random running statistics" * step
            yield case.near(what, y, expected.around(first))


@check("C36", needs="train")
def channels_do_not_mix(case: Case) -> Iterator[Finding]:
    """A channel's output depends on that channel alone, with as many samples as channels, too.

    https://github.com/mlpack/mlpack/issues/2474 https://github.com/tinygrad/tinygrad/pull/807
    """
    x = case.draw(case.shape(4, 4, 3, 1))
    layer, weight, bias = case.prepared(x, eps=EPS)
    y = layer.train(x).copy()
    changed = x.copy()
    changed[:, 2] = changed[:, 2] * 3 + 1
    again = layer.train(changed)
    expected = numerics.forward(changed, weight, bias, EPS, case.dtype)
    others = [0, 1, 3]
    near = numerics.Expected(
        *(
            np.asarray(a)[:, others]
            for a in (expected.exact, expected.bound, expected.ulp, expected.best)
        )
    )
    yield case.near("y of the other channels", again[:, others], near.around(y[:, others]))
    yield case.near("y", again, expected)


@check("C29", "C36", needs="train load")
def order_of_the_batch_does_not_matter(case: Case) -> Iterator[Finding]:
    """Permuting the samples permutes the output; a batch given twice has the same output.

    https://github.com/pytorch/pytorch/issues/62967 https://github.com/pytorch/pytorch/issues/64039
    """
    x = case.draw(case.shape(7, 3, 2, 3))
    layer, weight, bias = case.prepared(x, eps=EPS)
    y, order = layer.train(x).copy(), case.rng.permutation(len(x))
    permuted = case.made(x[order], f"{{0}}[{order.tolist()}]", x)
    expected = numerics.forward(permuted, weight, bias, EPS, case.dtype)
    yield case.near("y of a permuted batch", layer.train(permuted), expected.around(y[order]))
    twice = case.made(np.concatenate([x, x]), "np.concatenate([{0}, {0}])", x)
    expected = numerics.forward(twice, weight, bias, EPS, case.dtype)
    near = expected.around(np.concatenate([y, y]))
    yield case.near("y of a doubled batch", layer.train(twice), near)


@check("C16", "C25", "C36", needs="train load")
def output_ignores_shift_and_scale_of_the_input(case: Case) -> Iterator[Finding]:
    """y(x + c) = y(x); y(a x) with eps a^2 = y(x) for a > 0; a < 0 turns the sign of xhat.

    On a grid where shift and scale are exact in every type but the half ones.
    https://github.com/tenstorrent/tt-metal/issues/45968 https://github.com/google/flax/issues/1491
    """
    if case.dtype in ("float16", "bfloat16"):
        raise NotApplicable("in the half types no shift is exact")
    shape = case.shape(6, 3, 2, 2)
    x = (np.round(case.draw(shape) * 64) / 64).astype(case.draw((1,)).dtype)
    weight, bias = case.parameters(3)

    def train(values: Array, eps: float) -> tuple[Array, numerics.Expected]:
        layer = case.layer(3, x.ndim, eps=eps)
        layer.load(weight=weight, bias=bias)
        y = layer.train(values).copy()
        return y, numerics.forward(values, weight, bias, eps, case.dtype)

    first, about = train(x, EPS)
    kind = x.dtype
    shift = numerics.per_channel(np.array([8, -16, 32], kind), x)
    y, expected = train(x + shift, EPS)
    yield case.near("y of a shifted input", y, expected.around(first))
    y, expected = train(x * kind.type(4), EPS * 16)
    yield case.near("y of a scaled input, eps scaled by the square", y, expected.around(first))
    y, expected = train(-x, EPS)
    turned = 2 * numerics.per_channel(bias, x) - first
    yield case.near("y of a negated input", y, expected.around(turned))
    yield case.near("y", first, about)


@check("C28", needs="train load state")
def sizes_have_no_limit(case: Case) -> Iterator[Finding]:
    """Batches of 65535, 65536 and 131071 samples, 70001 channels, and maps of 70001 positions.

    In training, backward and evaluation.

    https://github.com/pytorch/pytorch/issues/2917 https://github.com/pytorch/pytorch/issues/51776
    https://github.com/microsoft/onnxruntime/issues/17406 https://github.com/pytorch/pytorch/issues/189828
    """
    dtype = "float32" if "float32" in case.dtypes else case.dtype
    wanted = ((65535, 1), (65536, 1), (131071, 1), (3, 70001), (2, 1, 70001))
    for shape in (case.shape(*shape) for shape in wanted):
        x = case.draw(shape, dtype)
        layer, weight, bias = case.prepared(x, dtype, eps=EPS)
        expected = numerics.forward(x, weight, bias, EPS, dtype)
        yield case.near(f"y of {shape} in {dtype}", layer.train(x), expected)
        if layer.has("backward"):
            dy = case.made(np.ascontiguousarray(x[::-1, ::-1]), "{0}[::-1, ::-1]", x)
            found = layer.backward(dy)
            gradients = numerics.backward(dy, x, weight, EPS, dtype)
            yield case.near(f"dx of {shape} in {dtype}", found[0], gradients.dx)
            yield case.near(f"dweight of {shape} in {dtype}", found[1], gradients.dweight)
        if layer.has("evaluate"):
            evaluated = numerics.evaluate(x, *layer.statistics(), weight, bias, EPS, dtype)
            what = f"y of evaluation, {shape} in {dtype}"
            yield case.near(what, layer.evaluate(x), evaluated)


@check("C28", needs="train load")
def elements_may_lie_far_apart(case: Case) -> Iterator[Finding]:
    """A batch whose last sample lies 2^31 elements after its first, holes between, is seen whole.

    What a tensor of more than 2^31 elements asks of the index arithmetic, in a few bytes: for
    implementations that see the strides.
    https://github.com/pytorch/pytorch/issues/189828 https://github.com/pytorch/pytorch/issues/51776
    """
    if not case.implementation.strides:
        raise NotApplicable("what is handed over is copied first (strides=True)")
    dtype = "float32" if "float32" in case.dtypes else case.dtype
    x = case.draw(case.shape(3, 3, 5, 1), dtype)
    try:
        view = case.made(apart(x), "apart({0})", x)
    except OSError as error:
        raise NotApplicable(f"no room for a file with holes: {error}") from error
    layer, weight, bias = case.prepared(x, dtype, eps=EPS)
    expected = numerics.forward(x, weight, bias, EPS, dtype)
    yield case.near(f"y in {dtype}", layer.train(view), expected)


@check("C28", needs="train load")
def more_than_two_to_the_31_elements_are_all_counted(case: Case) -> Iterator[Finding]:
    """A batch of 32769 samples of 65537 positions is normalised throughout, and so is dx.

    The samples are alike, so that one tells what all must give. For implementations whose `memory`
    is at least 48 GiB; their `patience` should be minutes.
    https://github.com/pytorch/pytorch/issues/51776 https://github.com/microsoft/onnxruntime/issues/17406
    """
    if case.implementation.memory < HUGE:
        allowed = f"{case.implementation.memory:g}"
        raise NotApplicable(f"takes {HUGE} GiB; the implementation's `memory` is {allowed}")
    dtype = "float32" if "float32" in case.dtypes else case.dtype
    one, other = (case.draw(case.shape(1, 1, 65537), dtype) for _ in range(2))
    x, dy = (_repeated(case, sample, ALIKE) for sample in (one, other))
    layer, weight, bias = case.prepared(x, dtype, eps=EPS)
    yield _repeats(case, "y", layer.train(x), numerics.forward(one, weight, bias, EPS, dtype))
    if layer.has("backward"):
        expected = numerics.backward(other, one, weight, EPS, dtype).dx
        yield _repeats(case, "dx", layer.backward(dy)[0], expected)


def _repeated(case: Case, sample: Array, times: int) -> Array:
    """So many views of one sample, as a batch."""
    code = f"np.broadcast_to({{0}}, ({times}, *{{0}}.shape[1:]))"
    return case.made(np.broadcast_to(sample, (times, *sample.shape[1:])), code, sample)


def _repeats(case: Case, what: str, found: Array, expected: numerics.Expected) -> Finding:
    """Every sample is the expected one, within a hundredth: a sum of 2^31 values may lose so much."""
    scale = float(np.abs(expected.exact).max())
    starts = range(0, len(found), 256)
    errors = [np.abs(found[at : at + 256] - expected.exact).max() for at in starts]
    worst = int(np.argmax(errors))
    good = bool(errors[worst] <= scale / 100)
    where = f"wrong by {errors[worst]:.3g} at sample {starts[worst]} or after"
    return case.holds(what, good, f"within {scale / 100:.2g} of one sample's", where)


@check("C33", needs="train backward load")
def repetition_gives_the_same_bits(case: Case) -> Iterator[Finding]:
    """The same step twenty times is right each time; how many results differ in bits is reported only.

    https://github.com/pytorch/pytorch/issues/53691 https://github.com/pytorch/pytorch/issues/8283
    """
    x, dy = case.draw(case.shape(6, 3, 5, 5)), case.draw(case.shape(6, 3, 5, 5))
    layer, weight, bias = case.prepared(x, eps=EPS)
    expected = numerics.forward(x, weight, bias, EPS, case.dtype)
    gradients = numerics.backward(dy, x, weight, EPS, case.dtype)
    seen = set()
    for step in range(20):
        y = layer.train(x)
        found = layer.backward(dy)
        seen.add((y.tobytes(), *(gradient.tobytes() for gradient in found)))
        right = case.near(f"y of step {step + 1}", y, expected)
        for finding in (right, case.near(f"dx of step {step + 1}", found[0], gradients.dx)):
            if not finding.good:
                yield finding
    number = f"{len(seen)} different result{'s' * (len(seen) > 1)} in 20 runs"
    yield case.holds("bits", True, "reported only", number)


@check("C32", "C36", needs="train evaluate", of=BATCH + SAMPLES)
def arrays_handed_over_stay_as_they_are(case: Case) -> Iterator[Finding]:
    """No call changes its input or an output that it returned before.

    https://github.com/tenstorrent/tt-metal/issues/41127
    """
    one, two = case.draw(case.shape(5, 3, 3, 1)), case.draw(case.shape(5, 3, 3, 1))
    layer, _, _ = case.prepared(one)
    for method in (layer.train, layer.evaluate):
        before, first = one.copy(), method(one)
        kept = first.copy()
        yield case.same("the input afterwards", one, before)
        method(two)
        yield case.same("an earlier output after the next call", first, kept)
