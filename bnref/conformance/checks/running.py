"""How the running statistics move."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from bnref.conformance import numerics
from bnref.conformance.case import Case
from bnref.conformance.check import check
from bnref.conformance.floats import unit
from bnref.conformance.implementation import Array
from bnref.conformance.result import Finding
from bnref.conformance.watched import STATISTICS
from bnref.oracle import batch_norm as oracle


@check("C01", needs="train state load")
def momentum_weighs_the_new_batch(case: Case) -> Iterator[Finding]:
    """Asked to give the new batch the weight 0.3, the running mean gives it 0.3, solved for.

    https://github.com/pytorch/vision/issues/8250 https://github.com/pytorch/pytorch/issues/15298
    https://github.com/pytorch/examples/issues/289 https://github.com/ludwig-ai/ludwig/issues/2100
    https://github.com/lukemelas/EfficientNet-PyTorch/issues/3
    """
    x = case.draw(case.shape(5, 3, 3, 1), mean=2.0, std=0.5)
    layer = case.layer(3, x.ndim, momentum=0.3)
    yield _weight(case, x, layer.statistics()[0], _stepped(layer, x), 0.3)


@check("C01", "C21", needs="train state")
def default_momentum_is_the_declared_one(case: Case) -> Iterator[Finding]:
    """A layer made without naming momentum gives the new batch the weight that is declared.

    https://github.com/pytorch/vision/issues/8250 https://github.com/deeplearning4j/deeplearning4j/issues/5068
    https://github.com/vlawhern/arl-eegmodels/issues/39
    """
    layer = case.default()
    x = case.draw(case.shape(5, 3, 3, 1), "float32", mean=2.0, std=0.5)
    begin = layer.statistics()[0]
    yield _weight(case, x, begin, _stepped(layer, x), case.conventions.momentum)


@check("C21", needs="evaluate load")
def default_eps_is_the_declared_one(case: Case) -> Iterator[Finding]:
    """A layer made without naming eps has the one that is declared, solved for at variance 0.

    https://github.com/pytorch/ao/issues/4758
    """
    layer, zero, wanted = case.default(), np.zeros(3, "float32"), case.conventions.eps
    layer.load(running_mean=zero, running_var=zero)
    x = case.draw(case.shape(5, 3, 3, 1), "float32", mean=0.02)
    found = float(np.square(x / layer.evaluate(x).astype(np.float64)).mean())
    good = abs(found - wanted) < 0.01 * wanted
    yield case.holds("eps", good, f"{wanted:g}, as declared", f"{found:.4g}")


@check("C02", needs="train state")
def running_variance_is_of_the_declared_kind(case: Case) -> Iterator[Finding]:
    """running_var follows the unbiased or the biased variance of the batch, as declared.

    The ratio is solved for at 2, 3, 4 and 8 values per channel, where it is m / (m - 1) or 1.
    In every rank.
    https://github.com/ml-explore/mlx/pull/3817 https://github.com/tinygrad/tinygrad/pull/807
    https://github.com/tensorflow/tensorflow/issues/55545 https://github.com/keras-team/keras/issues/8982
    https://github.com/pytorch/pytorch/issues/77427 https://github.com/mlpack/mlpack/issues/2474
    """
    for rank in case.implementation.ranks:
        for m in (2, 3, 4, 8):
            yield _ratio(case, (m, 3, *(1,) * (rank - 2)))


@check("C03", needs="train state")
def running_variance_counts_samples_and_space(case: Case) -> Iterator[Finding]:
    """The m of m / (m - 1) is samples times positions: not samples, nor channels, nor positions.

    https://github.com/tinygrad/tinygrad/pull/807 https://github.com/mlpack/mlpack/issues/2474
    """
    for shape in ((2, 7, 3, 1), (1, 5, 2, 2), (3, 2, 1, 2), (2, 2, 2, 1)):
        yield _ratio(case, case.shape(*shape))


@check("C01", "C02", "C03", "C36", needs="train state")
def running_statistics_follow_the_batches(case: Case) -> Iterator[Finding]:
    """running = (1 - momentum) running + momentum new, over five batches of different sizes.

    In every type, for momentum 0.37, 0 (never moves) and 1 (the last batch).
    https://github.com/pytorch/pytorch/issues/19902 https://github.com/keras-team/keras/issues/9028
    https://github.com/rwth-i6/returnn/issues/1539
    """
    unbiased = case.conventions.running_variance == "unbiased"
    for dtype in case.dtypes:
        for momentum in (0.37, 0.0, 1.0):
            batches = [case.draw(case.shape(n, 3, 2, 3), dtype) for n in (5, 3, 7, 2, 4)]
            layer = case.layer(3, batches[0].ndim, dtype, momentum=momentum)
            begin = layer.statistics()
            for batch in batches:
                layer.train(batch)
            pair = numerics.running(batches, momentum, dtype, unbiased=unbiased, begin=begin)
            for name, found, expected in zip(STATISTICS, layer.statistics(), pair, strict=True):
                yield case.near(f"{name} at momentum {momentum:g} in {dtype}", found, expected)


@check("C04", needs="train state")
def momentum_none_averages_all_batches(case: Case) -> Iterator[Finding]:
    """With momentum None the running statistics are the plain mean over all batches so far.

    https://github.com/pytorch/pytorch/pull/5766 https://github.com/pytorch/pytorch/issues/18525
    https://github.com/pytorch/pytorch/issues/194504 https://github.com/mapillary/inplace_abn/issues/130
    """
    unbiased = case.conventions.running_variance == "unbiased"
    batches = [case.draw(case.shape(n, 3, 2, 1)) for n in (4, 3, 6, 5)]
    layer = case.layer(3, batches[0].ndim, momentum=None)
    for k, batch in enumerate(batches, start=1):
        layer.train(batch)
        pair = numerics.running(batches[:k], None, case.dtype, unbiased=unbiased)
        for name, found, expected in zip(STATISTICS, layer.statistics(), pair, strict=True):
            yield case.near(f"{name} after {k} batches", found, expected)


@check("C04", needs="train state load reset")
def reset_starts_the_statistics_again(case: Case) -> Iterator[Finding]:
    """After reset the statistics are as in a new layer, and so is the average that momentum None takes.

    Weight and bias stay.

    https://github.com/pytorch/pytorch/pull/5766 https://github.com/mapillary/inplace_abn/issues/130
    """
    for momentum in (0.2, None):
        x, last = case.draw(case.shape(5, 3, 2, 1)), case.draw(case.shape(4, 3, 2, 1))
        used, fresh = (case.layer(3, x.ndim, momentum=momentum) for _ in range(2))
        used.train(x)
        used.train(x)
        parameters = dict(zip(("weight", "bias"), case.parameters(3), strict=True))
        used.load(**parameters)
        used.call("reset")
        for name, kept in parameters.items():
            yield case.same(f"{name} after reset", used.state()[name], kept)
        used.train(last)
        fresh.train(last)
        for name, found, expected in zip(
            STATISTICS, used.statistics(), fresh.statistics(), strict=True
        ):
            yield case.same(f"{name} after reset and a step", found, expected)


@check("C05", "C19", needs="train evaluate")
def evaluation_approaches_training_at_the_rate_of_momentum(case: Case) -> Iterator[Finding]:
    """On one batch again and again, the statistics that evaluation uses close in by 1 - momentum a step.

    https://github.com/pytorch/pytorch/issues/5406 https://github.com/pytorch/pytorch/issues/4741
    https://github.com/pytorch/xla/issues/806 https://github.com/layumi/Person_reID_baseline_pytorch/issues/218
    """
    x, momentum, eps = case.draw(case.shape(64, 3, 2, 2), mean=3.0), 0.3, 1e-3
    layer = case.layer(3, x.ndim, momentum=momentum, eps=eps)
    mean, var = oracle.moments(x)
    m = numerics.count(x)
    goal = var * m / (m - 1) if case.conventions.running_variance == "unbiased" else var
    trained, one = layer.train(x).copy(), np.ones(3)
    for k in range(1, 13):
        left = (1 - momentum) ** k
        exact = oracle.evaluate(x, (1 - left) * mean, left + (1 - left) * goal, one, 0 * one, eps)
        gap = float(np.abs(exact - trained).mean())
        found = float(np.abs(layer.evaluate(x).astype(np.float64) - trained).mean())
        what = f"mean distance of evaluation from training after {k} steps"
        good = abs(found - gap) < 0.02 * gap + 1e-5 + 4 * unit(case.dtype)
        yield case.holds(what, good, f"{gap:.4g}", f"{found:.4g}")
        layer.train(x)


@check("C09", needs="train backward state load")
def micro_batches_each_count_as_a_batch(case: Case) -> Iterator[Finding]:
    """Accumulated over k micro-batches, gradients are the sum of theirs, and statistics move k times.

    So they are not those of the joined batch, and the weight of what is new is 1 - (1 - momentum)^k.
    https://github.com/pytorch/pytorch/issues/46516 https://github.com/ultralytics/yolov5/issues/1630
    https://github.com/andreped/GradientAccumulator/issues/6
    """
    unbiased = case.conventions.running_variance == "unbiased"
    shape = case.shape(4, 3, 2, 1)
    batches, dys = ([case.draw(shape) for _ in range(3)] for _ in range(2))
    layer, weight, _ = case.prepared(batches[0], momentum=0.3, eps=1e-2)
    begin = layer.statistics()
    for x, dy in zip(batches, dys, strict=True):
        layer.train(x)
        dweight = layer.backward(dy)[1]
        expected = numerics.backward(dy, x, weight, 1e-2, case.dtype)
        yield case.near("dweight of a micro-batch", dweight, expected.dweight)
    pair = numerics.running(batches, 0.3, case.dtype, unbiased=unbiased, begin=begin)
    for name, found, near in zip(STATISTICS, layer.statistics(), pair, strict=True):
        yield case.near(f"{name} after three micro-batches", found, near)


def _stepped(layer: Any, x: Array) -> Array:
    layer.train(x)
    return np.asarray(layer.statistics()[0])


def _weight(case: Case, x: Array, begin: Array, mean: Array, wanted: float) -> Finding:
    """The finding of the weight of the new batch, from the running mean before and after it."""
    batch = oracle.moments(x)[0]
    found = ((mean - begin) / (batch - begin)).astype(np.float64)
    worst = float(found[np.argmax(np.abs(found - wanted))])
    good = bool(np.all(np.abs(found - wanted) < 0.01 + 2 * unit(case.dtype)))
    hint = ", the weight meant for the old value" if abs(worst - (1 - wanted)) < 0.01 else ""
    expected = f"{wanted:g}"
    return case.holds("weight of the new batch", good, expected, f"{worst:.4f}{hint * (not good)}")


def _ratio(case: Case, shape: tuple[int, ...]) -> Finding:
    """The finding of what running_var took in, relative to the batch's biased variance."""
    x = case.draw(shape, std=2.0)
    while x.astype(np.float64).var(numerics.space(x)).min() < 0.1:
        x = case.draw(shape, std=2.0)  # values that are nearly alike tell nothing
    declared, m = case.conventions.running_variance, numerics.count(x)
    layer = case.layer(x.shape[1], x.ndim, momentum=0.3)
    _, begin = layer.statistics()
    layer.train(x)
    _, var = layer.statistics()
    taken = (var.astype(np.float64) - 0.7 * begin) / 0.3 / oracle.moments(x)[1]
    wanted = m / (m - 1) if declared == "unbiased" else 1.0
    worst = float(taken[np.argmax(np.abs(taken - wanted))])
    good = bool(np.all(np.abs(taken - wanted) < 0.02 + 4 * unit(case.dtype)))
    other = 1.0 if declared == "unbiased" else m / (m - 1)
    hint = f" ({'bi' if declared == 'unbiased' else 'unbi'}ased)" * (abs(worst - other) < 0.02)
    return case.holds(
        f"running_var at {m} values per channel, shape {x.shape}",
        good,
        f"{wanted:.4f} times the batch's biased variance ({declared})",
        f"{worst:.4f} times it{hint * (not good)}",
    )
