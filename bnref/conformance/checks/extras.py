"""What only some layers do: freeze, mask, synchronise, recompute, compile. Each needs its method."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from bnref.conformance import numerics
from bnref.conformance.case import Case
from bnref.conformance.check import check
from bnref.conformance.floats import rounded
from bnref.conformance.implementation import Array
from bnref.conformance.result import Finding
from bnref.conformance.watched import STATISTICS

EPS = 0.0137
SMALL = 3e-6
"""An eps beside which a variance taken in one pass shows."""


@check("C07", needs="freeze train backward evaluate state load")
def frozen_statistics_stay_frozen_in_training(case: Case) -> Iterator[Finding]:
    """After freeze a training step computes as evaluation does and moves no statistic.

    https://github.com/pytorch/pytorch/issues/66073 https://github.com/pytorch/pytorch/issues/86590
    https://github.com/pgniewko/gt-pyg/issues/112 https://github.com/lightly-ai/lightly/issues/1438
    https://github.com/torch/nn/issues/873
    """
    shape = case.shape(5, 3, 3, 1)
    x, dy = case.draw(shape), case.draw(shape)
    layer, weight, bias = case.prepared(x, eps=EPS)
    mean, var = case.statistics(3)
    layer.load(running_mean=mean, running_var=var)
    layer.call("freeze")
    y = layer.train(x)
    yield case.near("y", y, numerics.evaluate(x, mean, var, weight, bias, EPS, case.dtype))
    expected = numerics.evaluate_backward(dy, x, mean, var, weight, EPS, case.dtype)
    yield case.near("dx", layer.backward(dy)[0], expected.dx)
    layer.evaluate(x)
    layer.train(x)
    for name, found, kept in zip(STATISTICS, layer.statistics(), (mean, var), strict=True):
        yield case.same(name, found.astype("float32"), kept)


@check("C08", needs="shards state load")
def shards_compute_as_the_joined_batch(case: Case) -> Iterator[Finding]:
    """Synchronised over shards, even and uneven, outputs, gradients and statistics are the batch's.

    https://github.com/pytorch/pytorch/issues/22192 https://github.com/pytorch/pytorch/issues/62967
    https://github.com/pytorch/pytorch/issues/64039 https://github.com/pytorch/pytorch/issues/124680
    https://github.com/NVIDIA/apex/issues/387 https://github.com/facebookresearch/mobile-vision/issues/66
    """
    for sizes in ((3, 3), (1, 5, 2), (4, 1)):
        yield from _sharded(case, sizes)


@check("C08", needs="shards state load")
def an_empty_shard_changes_nothing(case: Case) -> Iterator[Finding]:
    """A shard without samples takes part, and the others compute as if it were not there.

    https://github.com/pytorch/pytorch/issues/22192 https://github.com/pytorch/pytorch/issues/124680
    """
    yield from _sharded(case, (3, 0, 2))


@check("C17", needs="addresses train")
def buffers_are_updated_in_place(case: Case) -> Iterator[Finding]:
    """A training step leaves the statistics in the memory where they were.

    https://github.com/pytorch/pytorch/issues/63916 https://github.com/pytorch/pytorch/issues/175024
    https://github.com/Project-MONAI/GenerativeModels/issues/352
    """
    x = case.draw(case.shape(5, 3, 3, 1))
    layer = case.layer(3, x.ndim)
    before = layer.call("addresses")
    layer.train(x)
    after = layer.call("addresses")
    for name in STATISTICS:
        good = before.get(name) == after.get(name) is not None
        yield case.holds(name, good, "in the same memory", "in other memory")


@check("C18", needs="checkpointed train backward state load")
def recomputation_updates_the_statistics_once(case: Case) -> Iterator[Finding]:
    """A step that recomputes its forward leaves the gradients and the state of a plain step.

    https://github.com/pytorch/pytorch/issues/96136 https://github.com/pytorch/pytorch/issues/62471
    https://github.com/facebookresearch/fairscale/issues/1035 https://github.com/Tencent/YOLO-Master/issues/262
    https://github.com/gpleiss/efficient_densenet_pytorch/issues/73
    """
    shape = case.shape(5, 3, 3, 1)
    x, dy = case.draw(shape), case.draw(shape)
    layer, weight, bias = case.prepared(x, eps=EPS)
    plain = case.layer(3, x.ndim, eps=EPS)
    plain.load(weight=weight, bias=bias)
    plain.train(x)
    found = layer.gradients("checkpointed", layer.call("checkpointed", x, dy), x.shape)
    expected = numerics.backward(dy, x, weight, EPS, case.dtype)
    yield case.near("dx", found[0], expected.dx)
    after = layer.state()
    for name, kept in plain.state().items():
        yield case.same(name, after[name], kept)


@check("C29", needs="masked state load")
def padding_is_not_counted(case: Case) -> Iterator[Finding]:
    """With a mask, outputs and statistics are those of the unmasked positions, whatever the others hold.

    https://github.com/pytorch/pytorch/issues/70529 https://github.com/pytorch/pytorch/issues/25910
    https://github.com/tensorflow/tensorflow/issues/30161 https://github.com/SeanNaren/deepspeech.pytorch/issues/312
    """
    shape = case.shape(4, 3, 5, 2)
    x = case.draw(shape)
    mask = case.rng.random((shape[0], *shape[2:])) < 0.6
    mask.flat[:3] = True, True, False
    for padding in (0.0, 1000.0):
        padded = np.where(mask[:, None], x, x.dtype.type(padding))
        layer, weight, bias = case.prepared(x, eps=EPS, momentum=1.0)
        y = layer.values("masked", layer.call("masked", padded, mask), x.shape)
        ragged = np.moveaxis(x, 1, -1)[mask]
        expected = numerics.forward(ragged, weight, bias, EPS, case.dtype)
        found = np.moveaxis(y, 1, -1)[mask]
        yield case.near(f"y where padding is {padding:g}", found, expected)
        pair = _running(case, ragged)
        for name, value, near in zip(STATISTICS, layer.statistics(), pair, strict=True):
            yield case.near(f"{name} where padding is {padding:g}", value, near)


@check("C19", "C05", needs="recalibrate train state load")
def recalibration_takes_the_statistics_of_the_batches(case: Case) -> Iterator[Finding]:
    """Averaged weights need statistics of their own: afterwards they are those of the batches, alone.

    Whatever was there before; weight, bias and momentum stay. What averages of weights are given
    (SWA, EMA, a mean teacher), whose buffers are of other weights.
    https://github.com/huggingface/pytorch-image-models/issues/224 https://github.com/timgaripov/swa/issues/15
    https://github.com/mosaicml/composer/issues/624 https://github.com/pytorch/ignite/issues/2592
    https://github.com/CuriousAI/mean-teacher/issues/9 https://github.com/lucidrains/ema-pytorch/issues/29
    """
    unbiased = case.conventions.running_variance == "unbiased"
    batches = [case.draw(case.shape(4, 3, 3, 1)) for _ in range(3)]
    last = case.draw(batches[0].shape)
    layer, weight, bias = case.prepared(last, momentum=0.3)
    layer.train(case.draw(last.shape))
    layer.call("recalibrate", batches)
    pair = numerics.running(batches, None, case.dtype, unbiased=unbiased)
    begin = layer.statistics()
    for name, found, expected in zip(STATISTICS, begin, pair, strict=True):
        yield case.near(f"{name} afterwards", found, expected)
    layer.train(last)
    pair = numerics.running([last], 0.3, case.dtype, unbiased=unbiased, begin=begin)
    for name, found, expected in zip(STATISTICS, layer.statistics(), pair, strict=True):
        yield case.near(f"{name} a step later, at momentum 0.3", found, expected)
    after = layer.state()
    for name, kept in (("weight", weight), ("bias", bias)):
        yield case.same(name, after[name], kept.astype(after[name].dtype))


@check("C23", "C21", needs="compile train evaluate backward state load")
def compiled_the_layer_computes_the_same(case: Case) -> Iterator[Finding]:
    """Through the framework's compiler two steps and an evaluation are those of the formula.

    Outputs, gradients and statistics, for eps and momentum that are no defaults and for None; one channel
    is nearly constant.
    https://github.com/pytorch/pytorch/issues/181696 https://github.com/pytorch/pytorch/issues/187444
    https://github.com/pytorch/pytorch/issues/147287 https://github.com/pytorch/pytorch/issues/141317
    https://github.com/pytorch/pytorch/issues/194504
    """
    dtype = "float32" if "float32" in case.dtypes else case.dtype
    unbiased = case.conventions.running_variance == "unbiased"
    batches = [case.draw(case.shape(5, 3, 3, 1), dtype) for _ in range(2)]
    for x in batches:
        x[:, 1] = rounded(2.5 + 0.002 * case.draw(x[:, 1].shape, mean=0.0, std=1.0), dtype)
    dy = case.draw(batches[0].shape, dtype)
    for momentum in (0.3, None):
        layer, weight, bias = case.prepared(dy, dtype, eps=SMALL, momentum=momentum)
        begin, at = layer.statistics(), f"at momentum {momentum}"
        layer.call("compile")
        for x in batches:
            expected = numerics.forward(x, weight, bias, SMALL, dtype)
            yield case.near(f"y of training {at}", layer.train(x), expected)
            gradients = numerics.backward(dy, x, weight, SMALL, dtype)
            for name, gradient in zip(("dx", "dweight", "dbias"), layer.backward(dy), strict=True):
                yield case.near(f"{name} {at}", gradient, getattr(gradients, name))
        found = layer.statistics()
        pair = numerics.running(batches, momentum, dtype, unbiased=unbiased, begin=begin)
        for name, value, near in zip(STATISTICS, found, pair, strict=True):
            yield case.near(f"{name} {at}", value, near)
        evaluated = numerics.evaluate(dy, *found, weight, bias, SMALL, dtype)
        yield case.near(f"y of evaluation {at}", layer.evaluate(dy), evaluated)


@check("C32", needs="alias train load")
def statistics_may_share_memory_with_parameters(case: Case) -> Iterator[Finding]:
    """Where running_mean is kept in bias and running_var in weight, the output is of their old values.

    https://github.com/tenstorrent/tt-metal/issues/41127 https://github.com/tenstorrent/tt-metal/pull/45578
    """
    x = case.draw(case.shape(5, 3, 3, 1))
    layer, weight, bias = case.prepared(x, eps=EPS)
    expected = numerics.forward(x, weight, bias, EPS, case.dtype)
    layer.call("alias")
    yield case.near("y", layer.train(x), expected)


def _sharded(case: Case, sizes: tuple[int, ...]) -> Iterator[Finding]:
    rest = case.shape(1, 3, 2, 3)[1:]
    xs, dys = ([case.draw((n, *rest)) for n in sizes] for _ in range(2))
    x, dy = np.concatenate(xs), np.concatenate(dys)
    layer, weight, bias = case.prepared(x, eps=EPS, momentum=1.0)
    found = layer.call("shards", xs, dys)
    if not isinstance(found, tuple | list) or len(found) != 4:
        yield case.holds("shards", False, "([y], [dx], dweight, dbias)", f"{type(found).__name__}")
        return
    y, dx = _joined(found[0], xs), _joined(found[1], xs)
    if y is None or dx is None:
        yield case.holds("shards", False, "y and dx of the shapes of the shards", "others")
        return
    name = f"of shards of {', '.join(map(str, sizes))}"
    y = layer.values("shards", y, x.shape)
    yield case.near(f"y {name}", y, numerics.forward(x, weight, bias, EPS, case.dtype))
    expected = numerics.backward(dy, x, weight, EPS, case.dtype)
    gradients = layer.gradients("shards", (dx, *found[2:]), x.shape)
    for kind, gradient in zip(("dx", "dweight", "dbias"), gradients, strict=True):
        yield case.near(f"{kind} {name}", gradient, getattr(expected, kind))
    for kind, value, near in zip(STATISTICS, layer.statistics(), _running(case, x), strict=True):
        yield case.near(f"{kind} {name}", value, near)


def _joined(parts: Any, like: list[Array]) -> Array | None:
    arrays = [np.asarray(part) for part in parts]
    if [array.shape for array in arrays] != [array.shape for array in like]:
        return None
    return np.concatenate(arrays)


def _running(case: Case, x: Array) -> tuple[numerics.Expected, numerics.Expected]:
    """The statistics after one step of momentum 1."""
    unbiased = case.conventions.running_variance == "unbiased"
    begin = np.zeros(x.shape[1]), np.zeros(x.shape[1])
    return numerics.running([x], 1.0, case.dtype, unbiased=unbiased, begin=begin)
