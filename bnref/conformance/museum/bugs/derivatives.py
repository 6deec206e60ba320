"""Second derivatives, and gradients of each sample."""

from __future__ import annotations

import numpy as np

from bnref.conformance.museum.clean import Array, Layer
from bnref.conformance.museum.mutant import bug

SECOND = "second_derivatives_are_those_of_the_formula"
THIRD = "third_derivatives_are_those_of_the_formula_or_refused"
PER_SAMPLE = "gradients_per_sample_are_those_of_each_sample"


@bug(SECOND)
class SecondDerivativeDetached(Layer):
    """What backward saved counts as constant, so the gradient by x of a gradient penalty is 0.

    https://github.com/pytorch/pytorch/issues/4422
    """

    def second(self, g: Array, v: Array) -> tuple[Array, Array]:
        by_x, by_dy = super().second(g, v)
        return np.zeros_like(by_x), by_dy


@bug(SECOND)
class SecondDerivativeNotThroughTheDeviation(Layer):
    """The factor 1 / sqrt(var + eps) of dx counts as constant.

    https://github.com/pytorch/pytorch/issues/186256 https://github.com/pytorch/pytorch/pull/186779
    """

    def second(self, g: Array, v: Array) -> tuple[Array, Array]:
        xhat, rstd, weight, _ = self.saved
        a, b = ((other * xhat).mean(1)[:, None] for other in (g, v))
        through_xhat = self.gradients(v * a + g * b, xhat, rstd, weight * rstd, True)[0]
        return -through_xhat, super().second(g, v)[1]


@bug(SECOND)
class SecondDerivativeOfTrainingInEvaluation(Layer):
    """The second backward of evaluation is that of training.

    https://github.com/FluxML/NNlib.jl/pull/757 https://github.com/pytorch/pytorch/pull/4460
    """

    def double_backward(self, x: Array, dy: Array, v: Array, training: bool) -> tuple[Array, Array]:
        return super().double_backward(x, dy, v, True)


@bug(PER_SAMPLE)
class PerSampleIsTheMean(Layer):
    """Every sample is given the mean of the gradients.

    https://github.com/pytorch/functorch/issues/384
    """

    def per_sample(self, x: Array, dy: Array) -> tuple[Array, Array]:
        dweight, dbias = super().per_sample(x, dy)
        means = (np.tile(gradient.mean(0), (len(x), 1)) for gradient in (dweight, dbias))
        return next(means), next(means)


@bug(PER_SAMPLE)
class PerSampleNormalisesTheSample(Layer):
    """Mapped over samples, each is normalised by its own statistics.

    https://github.com/pytorch/functorch/issues/867 https://github.com/RAI-SCC/torch_blue/issues/61
    """

    def per_sample(self, x: Array, dy: Array) -> tuple[Array, Array]:
        axes = tuple(range(2, x.ndim))
        mean, std = x.mean(axes, keepdims=True), x.std(axes, keepdims=True)
        return (dy * (x - mean) / (std + self.config.eps)).sum(axes), dy.sum(axes)


@bug(PER_SAMPLE)
class PerSampleIsSummed(Layer):
    """The mapped dimension is reduced with the others.

    https://github.com/pytorch/functorch/issues/986
    """

    def per_sample(self, x: Array, dy: Array) -> tuple[Array, Array]:
        dweight, dbias = super().per_sample(x, dy)
        return dweight.sum(0, keepdims=True), dbias.sum(0, keepdims=True)


@bug(PER_SAMPLE)
class PerSampleMovesTheStatistics(Layer):
    """Mapped over samples, the layer trains: the statistics move in place.

    https://github.com/pytorch/functorch/issues/273 https://github.com/pytorch/functorch/issues/384
    """

    def per_sample(self, x: Array, dy: Array) -> tuple[Array, Array]:
        gradients, rows = super().per_sample(x, dy), self.rows(x)
        self.move(*self.moments(rows), rows.shape[1])
        return gradients


@bug(SECOND)
class SecondBackwardStepsTwice(Layer):
    """The second backward recomputes the forward, and that moves the statistics once more.

    https://github.com/pytorch/pytorch/issues/96136 https://github.com/pytorch/pytorch/pull/4460
    """

    def double_backward(self, x: Array, dy: Array, v: Array, training: bool) -> tuple[Array, Array]:
        self.train(x)
        self.train(x)
        return super().double_backward(x, dy, v, training)


@bug(THIRD)
class ThirdDerivativeDetached(Layer):
    """What the second backward saved counts as constant: the third derivative is 0, silently.

    https://github.com/pytorch/pytorch/issues/186256
    """

    def triple_backward(self, x: Array, dy: Array, v: Array, w: Array, training: bool) -> Array:
        return 0 * super().triple_backward(x, dy, v, w, training)


@bug(THIRD)
class ThirdDerivativeNotThroughTheDeviation(Layer):
    """The factor 1 / sqrt(var + eps) of the second derivative counts as constant.

    https://github.com/pytorch/pytorch/pull/186779 https://github.com/pytorch/pytorch/issues/186256
    """

    def rstd(self, var: Array) -> Array:
        return super().rstd(var.real)
