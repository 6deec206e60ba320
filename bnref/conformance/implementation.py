"""What an implementation of batch norm says and does, so that every check can judge it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Literal, Protocol

from numpy.typing import NDArray

Array = NDArray[Any]
State = Mapping[str, Array]
"""Arrays (C,) by name: weight, bias, running_mean, running_var; more where a layer has more."""

METHODS = {
    "train": "(x) -> y, a training step that moves the running statistics",
    "evaluate": "(x) -> y, with the running statistics as constants",
    "backward": "(dy) -> (dx, dweight, dbias), of the last train or evaluate, as often as asked",
    "state": "() -> {name: array (C,)}, copies, under the names of `State`",
    "load": "(state), sets those of the arrays that are named, in place; does no step",
    "reset": "(), the running statistics as if no batch had been seen",
    "double_backward": "(x, dy, v, training) -> gradients of <dx, v> by x and by dy; at most one step",
    "triple_backward": "(x, dy, v, w, training) -> gradient by x of <d<dx, v>/dx, w>",
    "checkpointed": "(x, dy) -> (dx, dweight, dbias), a training step that recomputes its forward",
    "freeze": "(), from then on train() computes as evaluate() and moves nothing",
    "masked": "(x, mask) -> y, training on the positions where mask (N, space...) is true",
    "shards": "([x], [dy]) -> ([y], [dx], dweight, dbias), one synchronised training step",
    "fold": "(kernel (O, I, ...), bias (O,)) -> (kernel, bias) of convolution and layer in one",
    "fold_transposed": "(kernel (I, O / groups, ...), bias (O,), groups) -> (kernel, bias), likewise",
    "fold_before": "(kernel (O, I, ...), bias (O,), padding) -> those of layer, then convolution",
    "per_sample": "(x, dy) -> (dweight (N, C), dbias (N, C)) of evaluation, sample by sample",
    "compile": "(), from then on train() and evaluate() go through the framework's compiler",
    "recalibrate": "([x]), the running statistics as averages over these batches, equally weighed",
    "addresses": "() -> {name: int}, where the arrays of the state are kept",
    "alias": "(), keeps running_mean in the memory of bias and running_var in that of weight",
}
"""What a layer may be asked. All but the first five are extras; none is required."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """The layer that a check wants. `momentum` is the weight of the *new* batch, None averages.

    `rank` is the rank of its inputs (N, C, ...), `dtype` their type: float64, float32, float16, or
    bfloat16, whose values travel in float32 arrays. The parameters may be kept in a wider type.
    `groups`, of consecutive channels, are for implementations that pool over groups.
    """

    channels: int
    rank: int = 4
    dtype: str = "float64"
    eps: float = 1e-5
    momentum: float | None = 0.1
    affine: bool = True
    track: bool = True
    groups: int = 1


class Layer(Protocol):
    """What every layer does. Any object with these, or fewer, or more of METHODS, will do."""

    def train(self, x: Array, /) -> Array: ...
    def evaluate(self, x: Array, /) -> Array: ...
    def backward(self, dy: Array, /) -> tuple[Array, Array, Array]: ...
    def state(self) -> State: ...
    def load(self, state: State, /) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Conventions:
    """The choices on which implementations differ, as this one declares them.

    `momentum` and `eps` are the defaults of the implementation itself, `momentum` given as the
    weight of the new batch whatever its own name for it means. `one_value` says what training on
    one value per channel does, `untracked` what evaluation does without running statistics.
    """

    momentum: float = 0.1
    eps: float = 1e-5
    running_variance: Literal["unbiased", "biased"] = "unbiased"
    one_value: Literal["raises", "allowed"] = "raises"
    untracked: Literal["batch", "raises"] = "batch"


Pools = Literal["batch", "group", "layer", "instance", "rms"]
"""Over what one mean and variance are taken; the last four of one sample, "rms" without the mean."""


@dataclass(frozen=True, kw_only=True)
class Implementation:
    """One implementation of batch norm, as data and one function.

    `make(config)` returns a fresh layer in its initial state, with `config.momentum` and
    `config.eps` translated to its own convention; it raises NotImplementedError, with the reason,
    for a config that the implementation does not have. `default()`, where there is one, returns a
    float32 layer of 3 channels for inputs of rank 4 made without naming momentum or eps. `strides`
    says whether inputs reach the implementation in the memory layout that they are given in.
    `dtypes` are named from the most precise on. A check may take `patience` seconds and `memory` GiB.
    `pools` other than "batch" says that this is no batch norm: it meets the checks of its own formula.
    `deviates` maps a check to the reason why it fails: that check must then fail.
    """

    name: str
    make: Callable[[Config], Any]
    version: str = ""
    conventions: Conventions = Conventions()
    dtypes: tuple[str, ...] = ("float64", "float32")
    ranks: tuple[int, ...] = (2, 3, 4, 5)
    strides: bool = False
    patience: float = 10.0
    memory: float = 4.0
    pools: Pools = "batch"
    default: Callable[[], Any] | None = None
    deviates: Mapping[str, str] = field(default_factory=dict)


class NotAnImplementation(ValueError):
    """The name leads to no implementation; the message is one line."""


def load(name: str) -> Implementation:
    """The Implementation `package.module:attribute`, or what that function returns."""
    module, _, attribute = name.partition(":")
    if not module or not attribute:
        raise NotAnImplementation(f"{name!r}: expected package.module:adapter")
    try:
        found = getattr(import_module(module), attribute)
        found = found if isinstance(found, Implementation) else found()
    except Exception as error:  # the module is the user's, and may raise anything
        reason = " ".join(str(error).split())
        raise NotAnImplementation(f"{name}: {type(error).__name__}: {reason}") from error
    if not isinstance(found, Implementation):
        raise NotAnImplementation(f"{name} is a {type(found).__name__}, not an Implementation")
    return found
