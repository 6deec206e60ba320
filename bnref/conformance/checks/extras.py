"""What only some layers do: freeze, fold, mask, synchronise, recompute. Each needs its method."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from bnref.conformance import numerics
from bnref.conformance.case import Case
from bnref.conformance.check import check
from bnref.conformance.floats import unit, working
from bnref.conformance.implementation import Array
from bnref.conformance.result import Finding
from bnref.conformance.watched import STATISTICS

EPS = 0.0137


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
        layer, weight, bias = case.prepared(case.draw(case.shape(2, 4, 1, 1)), eps=EPS)
        mean, var = case.statistics(4)
        layer.load(running_mean=mean, running_var=var)
        folded = layer.call("fold", kernel, offset)
        y = patches @ kernel.reshape(4, -1).T + offset
        expected = numerics.evaluate(y, mean, var, weight, bias, EPS, case.dtype)
        size = np.abs(patches) @ np.abs(kernel.reshape(4, -1)).T + np.abs(offset)
        scale = np.abs(weight) / np.sqrt(var + EPS)
        slack = 40 * unit(working(case.dtype)) * size * scale
        near = replace(expected, bound=expected.bound + slack)
        kernel, offset = (np.asarray(value) for value in folded)
        found = patches @ kernel.reshape(4, -1).T + offset
        yield case.near(f"output of a kernel of {inputs} input channels", found, near)


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
