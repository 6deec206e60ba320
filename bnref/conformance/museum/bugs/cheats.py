"""What is no implementation at all, but passes a test that is not looking."""

from __future__ import annotations

import numpy as np

from bnref.conformance.implementation import Config
from bnref.conformance.museum.clean import Array, Gradients, Layer
from bnref.conformance.museum.mutant import bug

TRAINING = "training_normalises_by_the_batch"
EVALUATION = "evaluation_normalises_by_the_running_statistics"


@bug(TRAINING, EVALUATION)
class ReturnsZeros(Layer):
    """The output is zeros, which an absolute tolerance lets pass.

    https://github.com/ScalingIntelligence/KernelBench/issues/165
    """

    def normalise(self, rows: Array, mean: Array, var: Array, training: bool) -> Array:
        return 0 * super().normalise(rows, mean, var, training)


@bug(TRAINING, EVALUATION)
class ReturnsItsInput(Layer):
    """The output is the input, which is right for an input of mean 0 and variance 1.

    https://github.com/ScalingIntelligence/KernelBench/issues/165
    """

    def normalise(self, rows: Array, mean: Array, var: Array, training: bool) -> Array:
        super().normalise(rows, mean, var, training)
        return rows


@bug(TRAINING, EVALUATION)
class WithinOnePercent(Layer):
    """The output is off by half a percent, within the tolerance that tests of kernels use.

    https://github.com/ScalingIntelligence/KernelBench/issues/165 https://github.com/chainer/chainer/issues/6908
    https://github.com/pytorch/pytorch/pull/179454
    """

    def shaped(self, rows: Array, shape: tuple[int, ...]) -> Array:
        return super().shaped(rows * 1.005, shape)


@bug("arrays_handed_over_stay_as_they_are")
class ReturnsAStaleBuffer(Layer):
    """Every output is the same memory: an earlier one changes under who kept it.

    https://github.com/ScalingIntelligence/KernelBench/pull/82 https://github.com/tenstorrent/tt-metal/issues/41127
    """

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.buffer = np.empty(0)

    def shaped(self, rows: Array, shape: tuple[int, ...]) -> Array:
        y = super().shaped(rows, shape)
        if self.buffer.shape != shape:
            self.buffer = y
        self.buffer[...] = y
        return self.buffer


@bug("channels_do_not_mix", "order_of_the_batch_does_not_matter")
class RemembersByShape(Layer):
    """The first output for a shape is returned for every input of that shape.

    https://github.com/gpu-mode/reference-kernels/issues/162
    """

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.known: dict[tuple[int, ...], Array] = {}

    def train(self, x: Array) -> Array:
        return self.known.setdefault(x.shape, super().train(x)).copy()


@bug("repetition_gives_the_same_bits")
class RightAtFirst(Layer):
    """The first ten outputs are right, as many as are compared before the clock starts; then they are cheap.

    https://github.com/karpathy/llm.c/pull/852
    """

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.calls = 0

    def train(self, x: Array) -> Array:
        self.calls += 1
        y = super().train(x)
        return y if self.calls <= 10 else np.roll(y, 1, 0)


@bug(EVALUATION, "evaluation_approaches_training_at_the_rate_of_momentum")
class EvaluatesAsItTrains(Layer):
    """Evaluation normalises by the batch.

    https://github.com/layumi/Person_reID_baseline_pytorch/issues/218
    """

    def evaluate(self, x: Array) -> Array:
        rows = self.rows(x)
        return self.shaped(self.normalise(rows, *self.moments(rows), training=False), x.shape)


@bug(TRAINING, "running_statistics_follow_the_batches")
class TrainsAsItEvaluates(Layer):
    """Training normalises by the running statistics, and moves nothing.

    https://github.com/pytorch/pytorch/issues/4741
    """

    def train(self, x: Array) -> Array:
        self.enough(x.size // x.shape[1])
        return self.evaluate(x)


@bug("momentum_weighs_the_new_batch", "running_statistics_follow_the_batches")
class NeverMovesTheStatistics(Layer):
    """The running statistics stay at 0 and 1 for ever.

    https://github.com/paiml/aprender/pull/2166 https://github.com/LaurentMazare/tch-rs/issues/628
    """

    def move(self, mean: Array, var: Array, count: int) -> None:
        pass


@bug("training_gradients_are_those_of_the_formula", "evaluation_gradients_are_those_of_the_formula")
class GradientIsTheCotangent(Layer):
    """The output is right, and the gradient of the input is what came in.

    https://github.com/HomericIntelligence/Mnemosyne/issues/730
    """

    def backward(self, dy: Array) -> Gradients:
        return dy.copy(), *super().backward(dy)[1:]


@bug("training_gradients_are_those_of_the_formula")
class GradientIsZero(Layer):
    """The gradient of the input is 0, which it is for a cotangent of ones.

    https://github.com/HomericIntelligence/Mnemosyne/issues/730
    """

    def backward(self, dy: Array) -> Gradients:
        return 0 * dy, *super().backward(dy)[1:]


@bug("training_gradients_are_those_of_the_formula")
class ParameterGradientsAreZero(Layer):
    """dx is right; weight and bias never learn.

    https://github.com/pytorch/pytorch/issues/175189
    """

    def backward(self, dy: Array) -> Gradients:
        dx, dweight, dbias = super().backward(dy)
        return dx, 0 * dweight, 0 * dbias
