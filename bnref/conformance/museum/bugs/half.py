"""Half precision where it does not suffice."""

from __future__ import annotations

import numpy as np

from bnref.conformance.floats import rounded
from bnref.conformance.museum.clean import Array, Gradients, Layer
from bnref.conformance.museum.mutant import ALL, bug

HALF = ("float16", "bfloat16")


@bug("a_large_running_mean_costs_no_more_than_its_size", dtypes=ALL)
class FoldsInHalf(Layer):
    """Evaluation folds the statistics into one scale and one shift, and keeps those in half.

    https://github.com/pytorch/pytorch/issues/141116 https://github.com/pytorch/pytorch/pull/190245
    """

    def evaluate(self, x: Array) -> Array:
        y = super().evaluate(x)
        if self.config.dtype not in HALF:
            return y
        scale, shift = (rounded(v, self.config.dtype) for v in self.fold(np.ones(1), np.zeros(1)))
        return self.shaped(self.rows(x) * scale[:, None] + shift[:, None], x.shape)


def _summed(rows: Array, dtype: str) -> Array:
    """Sums of rows one by one, rounded to a half type at every step."""
    total = np.zeros(len(rows), rows.dtype)
    for column in rows.T if dtype in HALF else ():
        total = rounded(total + column, dtype)
    return total if dtype in HALF else np.asarray(rows.sum(1))


@bug("half_precision_sums_in_a_wider_type", dtypes=ALL)
class SumsInHalf(Layer):
    """The sums of half inputs are kept in half: they overflow, or stop growing.

    https://github.com/google-deepmind/dm-haiku/issues/396 https://github.com/pytorch/pytorch/issues/96798
    """

    def moments(self, rows: Array) -> tuple[Array, Array]:
        mean = _summed(rows, self.config.dtype) / rows.shape[1]
        return mean, np.square(rows - mean[:, None]).mean(1)


@bug("half_precision_gradients_sum_in_a_wider_type", dtypes=ALL)
class GradientSumsInHalf(Layer):
    """The forward sums in float32, the backward in half.

    https://github.com/pytorch/pytorch/issues/195701 https://github.com/NVIDIA/apex/issues/133
    """

    def gradients(
        self, dy: Array, xhat: Array, rstd: Array, weight: Array, training: bool
    ) -> Gradients:
        dx, _, _ = super().gradients(dy, xhat, rstd, weight, training)
        return dx, _summed(dy * xhat, self.config.dtype), _summed(dy, self.config.dtype)


@bug("very_small_and_very_large_values_normalise")
class CastsToHalf(Layer):
    """Under autocast the layer computes in float16 whatever is handed to it, and overflows.

    https://github.com/pytorch/pytorch/issues/115500 https://github.com/pytorch/pytorch/issues/90342
    """

    def rows(self, x: Array) -> Array:
        return super().rows(rounded(x, "float16"))


@bug("slow_statistics_move_in_half_precision", dtypes=ALL)
class StatisticsInHalf(Layer):
    """The running statistics have the half type of the input, in which small steps round to none.

    https://github.com/csarofeen/pytorch/issues/1207 https://github.com/microsoft/onnxruntime/issues/6349
    https://github.com/NVIDIA/Model-Optimizer/issues/738
    """

    def weigh(self, name: str, value: Array, new: float) -> None:
        super().weigh(name, value, new)
        self.arrays[name][...] = rounded(self.arrays[name], self.config.dtype)


@bug("half_precision_gradients_sum_in_a_wider_type", dtypes=ALL)
class WeightGradientSumsInHalf(Layer):
    """Only the gradient of the weight is summed in half: small beside its terms, it hides in a loose bound.

    https://github.com/pytorch/pytorch/issues/195701 https://github.com/NVIDIA/apex/issues/301
    """

    def gradients(
        self, dy: Array, xhat: Array, rstd: Array, weight: Array, training: bool
    ) -> Gradients:
        dx, _, dbias = super().gradients(dy, xhat, rstd, weight, training)
        return dx, _summed(dy * xhat, self.config.dtype), dbias
