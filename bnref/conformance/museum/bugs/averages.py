"""The average of all batches, and its beginning."""

from __future__ import annotations

import numpy as np

from bnref.conformance.museum.clean import Layer
from bnref.conformance.museum.mutant import bug


@bug("momentum_none_averages_all_batches")
class NoneIsTheDefault(Layer):
    """Momentum None is exported as the default, 0.1.

    https://github.com/pytorch/pytorch/issues/18525
    """

    def weight_of_new(self) -> float:
        return 0.1 if self.config.momentum is None else self.config.momentum


@bug("momentum_none_averages_all_batches")
class AverageCountsTheStart(Layer):
    """The average that momentum None takes counts the initial 0 and 1 as a batch.

    https://github.com/pytorch/pytorch/pull/5766
    """

    def weight_of_new(self) -> float:
        if self.config.momentum is None:
            return 1 / (1 + float(self.arrays["batches"][0]))
        return self.config.momentum


@bug("momentum_none_averages_all_batches")
class CompiledAverageNeverCounts(Layer):
    """Compiled, the number of batches is the constant that it was when the graph was traced.

    https://github.com/pytorch/pytorch/issues/194504
    """

    def weight_of_new(self) -> float:
        return self.config.momentum or 1.0


@bug("reset_starts_the_statistics_again")
class ResetKeepsTheCount(Layer):
    """Reset sets the statistics back and not the number of batches.

    https://github.com/pytorch/pytorch/pull/5766 https://github.com/mapillary/inplace_abn/issues/130
    """

    def reset(self) -> None:
        before = self.arrays["batches"].copy()
        super().reset()
        self.load({"batches": before})


@bug("reset_starts_the_statistics_again")
class ResetZeroesTheVariance(Layer):
    """Reset sets both statistics to 0.

    https://github.com/pytorch/pytorch/pull/5766
    """

    def reset(self) -> None:
        super().reset()
        self.load({"running_var": 0 * self.arrays["running_var"]})


@bug("reset_starts_the_statistics_again")
class ResetForgetsTheParameters(Layer):
    """Resetting the statistics sets weight and bias back, too.

    https://github.com/pytorch/pytorch/pull/5766
    """

    def reset(self) -> None:
        super().reset()
        self.load({"weight": np.ones(1), "bias": np.zeros(1)})
