"""What the backward pass reads and writes."""

from __future__ import annotations

from bnref.conformance.implementation import Config
from bnref.conformance.museum.clean import Array, Gradients, Layer
from bnref.conformance.museum.mutant import bug

EVALUATION = "evaluation_gradients_are_those_of_the_formula"


@bug(EVALUATION)
class EvaluationBackwardOfTraining(Layer):
    """The backward of evaluation is that of training, as a kernel without that mode computes it.

    https://github.com/pytorch/pytorch/issues/586 https://github.com/apache/mxnet/issues/9580
    https://github.com/soumith/cudnn.torch/issues/244 https://github.com/FluxML/NNlib.jl/pull/757
    """

    def gradients(
        self, dy: Array, xhat: Array, rstd: Array, weight: Array, training: bool
    ) -> Gradients:
        return super().gradients(dy, xhat, rstd, weight, True)


@bug(EVALUATION)
class EvaluationBackwardByTheBatch(Layer):
    """The backward of evaluation scales by the batch's deviation in place of the running one.

    https://github.com/torch/nn/pull/768 https://github.com/HomericIntelligence/Odyssey/issues/3665
    """

    def normalise(self, rows: Array, mean: Array, var: Array, training: bool) -> Array:
        y = super().normalise(rows, mean, var, training)
        xhat, _, weight, _ = self.saved
        self.saved = xhat, self.rstd(self.moments(rows)[1]), weight, training
        return y


@bug("backward_is_repeatable_and_moves_nothing")
class BackwardConsumesWhatWasSaved(Layer):
    """Backward writes over what the forward saved, so that a second one differs.

    https://github.com/pytorch/pytorch/issues/586
    """

    def backward(self, dy: Array) -> Gradients:
        found = super().backward(dy)
        self.saved[0][...] *= 0.5
        return found


@bug("backward_is_repeatable_and_moves_nothing")
class BackwardMovesTheStatistics(Layer):
    """Backward recomputes the forward pass, statistics included.

    https://github.com/soumith/cudnn.torch/issues/244 https://github.com/pytorch/pytorch/issues/96136
    """

    def normalise(self, rows: Array, mean: Array, var: Array, training: bool) -> Array:
        self.batch = mean, var, rows.shape[1]
        return super().normalise(rows, mean, var, training)

    def backward(self, dy: Array) -> Gradients:
        self.move(*self.batch)
        return super().backward(dy)


@bug("buffers_may_be_set_between_forward_and_backward")
class BackwardReadsTheBuffers(Layer):
    """The backward of evaluation reads the running variance as it is by then.

    https://github.com/pytorch/pytorch/issues/73332 https://github.com/NVlabs/FUNIT/issues/53
    """

    def backward(self, dy: Array) -> Gradients:
        xhat, _, weight, training = self.saved
        if not training:
            self.saved = xhat, self.rstd(self.arrays["running_var"]), weight, training
        return super().backward(dy)


@bug("buffers_may_be_set_between_forward_and_backward")
class BackwardRefusesNewBuffers(Layer):
    """Backward refuses to run where a broadcast has written to the buffers since the forward.

    https://github.com/pytorch/pytorch/issues/22095 https://github.com/pytorch/pytorch/issues/65907
    """

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.seen: dict[str, Array] = {}

    def shaped(self, rows: Array, shape: tuple[int, ...]) -> Array:
        self.seen = dict(self.state())
        return super().shaped(rows, shape)

    def backward(self, dy: Array) -> Gradients:
        if any((self.seen[name] != value).any() for name, value in self.arrays.items()):
            raise RuntimeError("a variable needed for gradient computation has been modified")
        return super().backward(dy)
