"""What the state holds, what moves it, and what does not."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bnref.conformance import numerics
from bnref.conformance.case import Case
from bnref.conformance.check import BATCH, SAMPLES, check
from bnref.conformance.implementation import Array
from bnref.conformance.result import Finding
from bnref.conformance.watched import STATISTICS, NotApplicable


@check("C05", "C15", "C07", needs="evaluate state", of=BATCH + SAMPLES)
def evaluation_moves_nothing(case: Case) -> Iterator[Finding]:
    """Evaluation leaves the state as it is, and gives the same output twice.

    https://github.com/pytorch/pytorch/issues/66073 https://github.com/pytorch/pytorch/issues/86590
    """
    x = case.draw(case.shape(5, 3, 3, 1))
    layer, _, _ = case.prepared(x)
    before, first = layer.state(), layer.evaluate(x).copy()
    yield case.same("y of a second evaluation", layer.evaluate(x), first)
    yield from _unmoved(case, before, layer.state(), "after evaluation")


@check("C06", needs="train")
def one_value_per_channel_is_refused_or_gives_the_bias(case: Case) -> Iterator[Finding]:
    """Training on one value per channel raises, or returns the bias, as declared; no statistic is NaN.

    https://github.com/pytorch/pytorch/issues/4534 https://github.com/tensorflow/tensorflow/issues/34062
    https://github.com/tensorflow/tensorflow/issues/48845 https://github.com/pytorch/pytorch/issues/109577
    """
    for rank in case.implementation.ranks:
        x = case.draw((1, 3, *(1,) * (rank - 2)))
        layer, _, bias = case.prepared(x)
        y, error = layer.attempt("train", x)
        raised = f"{type(error).__name__}: {error}"
        if case.conventions.one_value == "raises":
            found = f"no exception, y = {y}" if error is None else raised
            what = f"training on {x.shape}"
            yield case.holds(what, error is not None, "an exception, as declared", found)
        else:
            found = raised if error else f"{np.ravel(y)}"
            good = error is None and np.allclose(np.ravel(y), bias, atol=1e-2)
            yield case.holds(f"y of {x.shape}", good, f"the bias, {bias}", found)
        after = layer.call("state") if layer.has("state") else {}
        for name in set(STATISTICS) & set(after):
            value = np.asarray(after[name])
            yield case.holds(name, bool(np.isfinite(value).all()), "finite", f"{value}")


@check("C06", "C30", needs="train state")
def a_refused_batch_leaves_the_state_as_it_was(case: Case) -> Iterator[Finding]:
    """Where training on one value per channel raises, no buffer has moved, a counter neither.

    https://github.com/pytorch/pytorch/issues/4534 https://github.com/ROCm/rocm-libraries/issues/2193
    https://github.com/meetps/pytorch-semseg/issues/214
    """
    x = case.draw(case.shape(1, 3, 1, 1))
    layer, _, _ = case.prepared(x)
    before = layer.state()
    _, error = layer.attempt("train", x)
    if error is None:
        raise NotApplicable("it does not refuse one value per channel")
    yield from _unmoved(case, before, layer.call("state"), "after the exception")


@check("C30", needs="train evaluate state load")
def state_carries_over_to_a_fresh_layer(case: Case) -> Iterator[Finding]:
    """A fresh layer that loads the state evaluates to the same bits, and trains on in the same steps.

    https://github.com/pytorch/pytorch/issues/8481 https://github.com/pytorch/pytorch/issues/110361
    https://github.com/pytorch/pytorch/issues/115285 https://github.com/Oneflow-Inc/oneflow/issues/7440
    """
    for momentum in (0.2, None):
        x = case.draw(case.shape(5, 3, 2, 1))
        try:
            layer, _, _ = case.prepared(x, momentum=momentum)
        except NotImplementedError:
            continue
        layer.train(x)
        layer.train(case.draw(case.shape(5, 3, 2, 1)))
        fresh = case.layer(3, x.ndim, momentum=momentum)
        fresh.load(**layer.state())
        yield case.same("y of evaluation", fresh.evaluate(x), layer.evaluate(x))
        layer.train(x)
        fresh.train(x)
        for name, found, expected in zip(
            STATISTICS, fresh.statistics(), layer.statistics(), strict=True
        ):
            yield case.same(f"{name} a step later, momentum {momentum}", found, expected)


@check("C30", needs="train state load")
def loading_a_part_leaves_the_rest(case: Case) -> Iterator[Finding]:
    """Loading weight and bias alone leaves the running statistics as they were.

    https://github.com/pytorch/pytorch/issues/8430 https://github.com/pytorch/pytorch/issues/110361
    """
    x = case.draw(case.shape(5, 3, 2, 1))
    layer = case.layer(3, x.ndim)
    layer.train(x)
    before, (weight, bias) = layer.statistics(), case.parameters(3)
    layer.load(weight=weight, bias=bias)
    for name, found, expected in zip(STATISTICS, layer.statistics(), before, strict=True):
        yield case.same(name, found, expected)


@check("C19", "C30", needs="train state load", of=BATCH + SAMPLES)
def what_was_loaded_is_copied(case: Case) -> Iterator[Finding]:
    """The arrays that were loaded are the caller's: training does not write to them, nor they to it.

    https://github.com/huggingface/pytorch-image-models/issues/224 https://github.com/timgaripov/swa/issues/8
    https://github.com/lucidrains/ema-pytorch/issues/29
    """
    x = case.draw(case.shape(5, 3, 2, 1))
    layer = case.layer(3, x.ndim)
    state = layer.state()
    kept = {name: value.copy() for name, value in state.items()}
    layer.load(**state)
    layer.train(x)
    yield from _unmoved(case, kept, state, "of the caller, after training")
    after = layer.state()
    for value in state.values():
        value[...] = 7
    yield from _unmoved(
        case, after, layer.state(), "of the layer, after the caller's was written to"
    )


@check("C31", needs="train evaluate")
def without_tracking_evaluation_is_as_declared(case: Case) -> Iterator[Finding]:
    """A layer that tracks nothing evaluates by the batch itself, or refuses, as declared.

    https://github.com/pytorch/pytorch/issues/38084 https://github.com/pytorch/pytorch/issues/75252
    https://github.com/pytorch/pytorch/issues/147287
    """
    x = case.draw(case.shape(5, 3, 3, 2))
    dy = case.draw(x.shape)
    layer = case.layer(3, x.ndim, track=False, eps=1e-2)
    layer.train(case.draw(case.shape(4, 3, 3, 2)))
    if case.conventions.untracked == "raises":
        _, error = layer.attempt("evaluate", x)
        found = f"{type(error).__name__}: {error}" if error else "no exception"
        yield case.holds("evaluation", error is not None, "an exception", found)
    else:
        expected = numerics.forward(x, np.ones(3), np.zeros(3), 1e-2, case.dtype)
        yield case.near("y of evaluation", layer.evaluate(x), expected)
        if layer.has("backward"):
            gradients = numerics.backward(dy, x, np.ones(3), 1e-2, case.dtype)
            yield case.near("dx of evaluation", layer.backward(dy)[0], gradients.dx)


def _unmoved(
    case: Case, before: dict[str, Array], after: dict[str, Array], when: str
) -> Iterator[Finding]:
    for name, kept in before.items():
        found = after.get(name, np.array(np.nan))
        yield case.same(f"{name} {when}", np.asarray(found), kept)
