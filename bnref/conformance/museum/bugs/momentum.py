"""How much the new batch weighs."""

from __future__ import annotations

from dataclasses import replace

from bnref.conformance.implementation import Config
from bnref.conformance.museum.clean import Array, Layer
from bnref.conformance.museum.mutant import bug


@bug("momentum_weighs_the_new_batch", "running_statistics_follow_the_batches")
class MomentumOfTheOldValue(Layer):
    """The weight that is meant for the new batch is given to the old value.

    https://github.com/pytorch/vision/issues/8250 https://github.com/pytorch/examples/issues/289
    https://github.com/lukemelas/EfficientNet-PyTorch/issues/3
    """

    def weight_of_new(self) -> float:
        return 1 - super().weight_of_new()


@bug("default_momentum_is_the_declared_one")
class DefaultMomentumOfAnotherFramework(Layer):
    """The default, 0.99, was copied from where it weighs the old value.

    https://github.com/pytorch/vision/issues/8250 https://github.com/ludwig-ai/ludwig/issues/2100
    """

    DEFAULT = replace(Layer.DEFAULT, momentum=0.99)


@bug("default_eps_is_the_declared_one")
class DefaultEpsOfAnotherFramework(Layer):
    """The default eps is 1e-3, as in another framework, where 1e-5 is declared.

    https://github.com/pytorch/ao/issues/4758
    """

    DEFAULT = replace(Layer.DEFAULT, eps=1e-3)


@bug("running_statistics_follow_the_batches")
class ZeroMomentumIsNoMomentum(Layer):
    """Momentum 0 is falsy, and replaced by the default.

    https://github.com/pytorch/pytorch/issues/15298
    """

    def weight_of_new(self) -> float:
        return super().weight_of_new() or 0.1


@bug("running_statistics_follow_the_batches")
class VarianceWeighsTheOtherWay(Layer):
    """The mean follows the convention, the variance the inverse one.

    https://github.com/deeplearning4j/deeplearning4j/issues/5068
    """

    def weigh(self, name: str, value: Array, new: float) -> None:
        super().weigh(name, value, 1 - new if name == "running_var" else new)


@bug("micro_batches_each_count_as_a_batch")
class CountsEverySecondBatch(Layer):
    """With gradient accumulation the statistics move at the optimiser's steps only.

    https://github.com/andreped/GradientAccumulator/issues/6 https://github.com/pytorch/pytorch/issues/46516
    """

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.steps = 0

    def move(self, mean: Array, var: Array, count: int) -> None:
        self.steps += 1
        if self.steps % 2:
            super().move(mean, var, count)


@bug("evaluation_approaches_training_at_the_rate_of_momentum")
class EvaluatesByTheFirstStatistics(Layer):
    """Evaluation was traced once, and its statistics are those of that moment.

    https://github.com/pytorch/xla/issues/806
    """

    first: tuple[Array, Array] | None = None

    def normalise(self, rows: Array, mean: Array, var: Array, training: bool) -> Array:
        if not training:
            self.first = self.first or (mean.copy(), var.copy())
            mean, var = self.first
        return super().normalise(rows, mean, var, training)
