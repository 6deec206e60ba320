"""One value per channel, and no running statistics."""

from __future__ import annotations

import numpy as np

from bnref.conformance.implementation import Conventions
from bnref.conformance.museum.clean import Array, Layer
from bnref.conformance.museum.mutant import bug

ONE_VALUE = "one_value_per_channel_is_refused_or_gives_the_bias"


@bug(ONE_VALUE)
class OneValueIsNotRefused(Layer):
    """Training on one value per channel is not refused, and the statistics become NaN by Bessel's 1 / 0.

    https://github.com/tensorflow/tensorflow/issues/34062 https://github.com/ROCm/rocm-libraries/issues/2193
    """

    def enough(self, count: int) -> None:
        pass

    def move(self, mean: Array, var: Array, count: int) -> None:
        if count > 1:
            super().move(mean, var, count)
        else:
            self.arrays["running_var"][...] = np.nan


@bug(ONE_VALUE, conventions=Conventions(one_value="allowed"))
class OneValueGivesNan(Layer):
    """One value per channel is allowed, and divides by m - 1.

    https://github.com/tensorflow/tensorflow/issues/48845
    """

    def enough(self, count: int) -> None:
        pass

    def moments(self, rows: Array) -> tuple[Array, Array]:
        mean, var = super().moments(rows)
        return mean, var if rows.shape[1] > 1 else var * np.nan


@bug(ONE_VALUE)
class OneValueOfFlatInputPasses(Layer):
    """Positions are counted and samples are not where the input is (N, C): one sample passes, with NaN.

    https://github.com/pytorch/pytorch/issues/4534 https://github.com/fastai/fastai/issues/1352
    """

    def enough(self, count: int) -> None:
        if self.config.rank > 2:
            super().enough(count)

    def kept(self, var: Array, count: int) -> Array:
        return super().kept(var, count) if count > 1 else var * np.nan


@bug("a_refused_batch_leaves_the_state_as_it_was")
class RefusedBatchCounts(Layer):
    """The batch is counted, and its mean taken in, before it is refused.

    https://github.com/meetps/pytorch-semseg/issues/214 https://github.com/pytorch/pytorch/issues/4534
    """

    def rows(self, x: Array) -> Array:
        rows = super().rows(x)
        if rows.shape[1] == 1:
            self.weigh("running_mean", rows[:, 0], 0.1)
        return rows


@bug("without_tracking_evaluation_is_as_declared")
class UntrackedEvaluatesByTheStart(Layer):
    """Without running statistics evaluation normalises by 0 and 1.

    https://github.com/pytorch/pytorch/issues/38084 https://github.com/LaurentMazare/tch-rs/issues/628
    """

    def evaluate(self, x: Array) -> Array:
        if self.config.track:
            return super().evaluate(x)
        zero = np.zeros(x.shape[1], self.work)
        return self.shaped(self.normalise(self.rows(x), zero, zero + 1, False), x.shape)


@bug("without_tracking_evaluation_is_as_declared")
class UntrackedGradientOfConstants(Layer):
    """Evaluation by the batch itself has a backward that takes the batch's statistics for constants.

    https://github.com/pytorch/pytorch/issues/147287 https://github.com/pytorch/pytorch/issues/38084
    """

    def evaluate(self, x: Array) -> Array:
        y = super().evaluate(x)
        self.saved = (*self.saved[:3], False)
        return y


@bug("without_tracking_evaluation_is_as_declared", conventions=Conventions(untracked="raises"))
class UntrackedEvaluatesWhereItShouldRefuse(Layer):
    """Declared to refuse evaluation without running statistics, the layer evaluates.

    https://github.com/pytorch/pytorch/issues/75252 https://github.com/pytorch/pytorch/issues/147287
    """
