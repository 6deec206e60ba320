"""What the state holds, and when it moves."""

from __future__ import annotations

from bnref.conformance.implementation import Config, State
from bnref.conformance.museum.clean import Array, Layer
from bnref.conformance.museum.mutant import bug


@bug("state_carries_over_to_a_fresh_layer")
class StatisticsAreNotInTheState(Layer):
    """The state holds the parameters only.

    https://github.com/Oneflow-Inc/oneflow/issues/7440
    """

    def state(self) -> State:
        return {name: self.arrays[name].copy() for name in ("weight", "bias")}


@bug("state_carries_over_to_a_fresh_layer")
class CountIsNotInTheState(Layer):
    """The number of batches is not saved: after loading, the average of momentum None starts again.

    https://github.com/mapillary/inplace_abn/issues/130 https://github.com/pytorch/pytorch/issues/115285
    """

    def state(self) -> State:
        return {name: value for name, value in super().state().items() if name != "batches"}


@bug("state_carries_over_to_a_fresh_layer")
class StateInHalf(Layer):
    """What is saved is rounded to half on its way.

    https://github.com/pytorch/pytorch/issues/8481
    """

    def state(self) -> State:
        return {
            name: value.astype("float16").astype(value.dtype) for name, value in self.arrays.items()
        }


@bug("loading_a_part_leaves_the_rest")
class LoadingAPartResetsTheRest(Layer):
    """Loading a state without statistics sets them back to 0 and 1.

    https://github.com/pytorch/pytorch/issues/110361 https://github.com/pytorch/pytorch/issues/8430
    """

    def load(self, state: State) -> None:
        if "running_mean" not in state:
            self.reset()
        super().load(state)


@bug("what_was_loaded_is_copied")
class LoadKeepsTheCallersArrays(Layer):
    """What is loaded is kept by reference, so that an average of models or a best state trains along.

    https://github.com/huggingface/pytorch-image-models/issues/224 https://github.com/timgaripov/swa/issues/8
    """

    def load(self, state: State) -> None:
        super().load(state)
        whole = {n: v for n, v in state.items() if v.shape == self.arrays[n].shape}
        self.arrays |= {n: v for n, v in whole.items() if v.dtype == self.arrays[n].dtype}


@bug("buffers_are_updated_in_place")
class BuffersAreReplaced(Layer):
    """Every step binds new arrays, which a synchronisation of buffers by reference does not see.

    https://github.com/pytorch/pytorch/issues/63916 https://github.com/pytorch/pytorch/issues/175024
    """

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.before: list[Array] = []

    def weigh(self, name: str, value: Array, new: float) -> None:
        self.before.append(self.arrays[name])
        self.arrays[name] = (1 - new) * self.arrays[name] + new * value


@bug("evaluation_moves_nothing")
class EvaluationMovesTheStatistics(Layer):
    """Evaluation takes the batch into the running statistics as training does.

    https://github.com/pytorch/pytorch/issues/86590
    """

    def evaluate(self, x: Array) -> Array:
        y, rows = super().evaluate(x), self.rows(x)
        if rows.shape[1] > 1:
            self.move(*self.moments(rows), rows.shape[1])
        return y
