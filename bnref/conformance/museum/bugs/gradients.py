"""What the backward pass computes."""

from __future__ import annotations

import numpy as np

from bnref.conformance.museum.clean import Array, Gradients, Layer
from bnref.conformance.museum.mutant import bug

TRAINING = "training_gradients_are_those_of_the_formula"
EVALUATION = "evaluation_gradients_are_those_of_the_formula"


class _Inner(Layer):
    """A layer whose gradients in training come from another cotangent."""

    def gradients(
        self, dy: Array, xhat: Array, rstd: Array, weight: Array, training: bool
    ) -> Gradients:
        if not training:
            return super().gradients(dy, xhat, rstd, weight, training)
        inner = self.inner(dy, xhat)
        return inner * (weight * rstd)[:, None], (dy * xhat).sum(1), dy.sum(1)

    def inner(self, dy: Array, xhat: Array) -> Array:
        """dy - E[dy] - xhat E[dy xhat] where it is right."""
        raise NotImplementedError


@bug(TRAINING, "input_gradient_sums_to_zero")
class GradientNotThroughTheMean(_Inner):
    """The term of the mean is missing in dx.

    https://github.com/HomericIntelligence/Mnemosyne/issues/730
    """

    def inner(self, dy: Array, xhat: Array) -> Array:
        return dy - xhat * (dy * xhat).mean(1)[:, None]


@bug(TRAINING, "input_gradient_is_orthogonal_to_the_input_but_for_eps")
class GradientNotThroughTheVariance(_Inner):
    """The term of the variance is missing in dx: for a cotangent of ones it is 0 anyway.

    https://github.com/HomericIntelligence/Mnemosyne/issues/730
    """

    def inner(self, dy: Array, xhat: Array) -> Array:
        return dy - dy.mean(1)[:, None]


@bug(TRAINING, "input_gradient_is_orthogonal_to_the_input_but_for_eps")
class GradientOfTheUnbiasedVariance(_Inner):
    """The term of the variance is divided by m - 1.

    https://github.com/HomericIntelligence/Mnemosyne/issues/730 https://github.com/pytorch/pytorch/issues/7028
    """

    def inner(self, dy: Array, xhat: Array) -> Array:
        slope = (dy * xhat).sum(1)[:, None] / (dy.shape[1] - 1)
        return dy - dy.mean(1)[:, None] - xhat * slope


@bug(TRAINING)
class GradientWithoutTheWeight(Layer):
    """dx is that of weight 1, as every layer has in its initial state.

    https://github.com/pytorch/xla/issues/913
    """

    def gradients(
        self, dy: Array, xhat: Array, rstd: Array, weight: Array, training: bool
    ) -> Gradients:
        return super().gradients(dy, xhat, rstd, np.ones_like(weight), training)


@bug(TRAINING, EVALUATION)
class ParameterGradientsAreMeans(Layer):
    """dweight and dbias are averaged over the samples and positions.

    https://github.com/pytorch/pytorch/issues/175189
    """

    def backward(self, dy: Array) -> Gradients:
        dx, dweight, dbias = super().backward(dy)
        count = dy.size // dy.shape[1]
        return dx, dweight / count, dbias / count
