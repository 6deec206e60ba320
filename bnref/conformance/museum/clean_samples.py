"""Group, layer, instance and RMS norm in NumPy: what mutants of these are a small diff of."""

from __future__ import annotations

import numpy as np

from bnref.conformance.floats import rounded
from bnref.conformance.implementation import Config, Pools
from bnref.conformance.museum.clean import Array, Gradients, Layer


class SampleLayer(Layer):
    """y = weight * (x - mean) / sqrt(var + eps) + bias, one mean and variance per sample and group."""

    POOLS: Pools = "group"

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.arrays = {name: self.arrays[name] for name in ("weight", "bias")}
        self.normalised: tuple[Array, Array]

    def train(self, x: Array) -> Array:
        grouped = self.grouped(x)
        mean, var = self.pooled(grouped)
        rstd = self.rstd(var)
        xhat = ((grouped - mean) * rstd).reshape(x.shape)
        self.normalised = xhat, rstd
        y = xhat * self.along("weight", x) + self.along("bias", x)
        return rounded(y, self.config.dtype)

    def evaluate(self, x: Array) -> Array:
        return self.train(x)

    def backward(self, dy: Array) -> Gradients:
        xhat, rstd = self.normalised
        wide, axes = dy.astype(self.work), (0, *range(2, dy.ndim))
        inner = self.inner(self.grouped(wide * self.along("weight", dy)), self.grouped(xhat))
        dx = rounded((inner * rstd).reshape(dy.shape), self.config.dtype)
        return dx, (wide * xhat).sum(axes), wide.sum(axes)

    # The parts of the above.

    def grouped(self, x: Array) -> Array:
        """(N, groups, values of a group) of (N, C, ...), in the working type."""
        return np.ascontiguousarray(x).reshape(len(x), self.config.groups, -1).astype(self.work)

    def pooled(self, grouped: Array) -> tuple[Array, Array]:
        """Mean and biased variance (N, groups, 1), by two passes."""
        mean = grouped.mean(2, keepdims=True)
        return mean, np.square(grouped - mean).mean(2, keepdims=True)

    def inner(self, g: Array, xhat: Array) -> Array:
        """g - E[g] - xhat E[g xhat] of each group."""
        slope = (g * xhat).mean(2, keepdims=True)
        return g - g.mean(2, keepdims=True) - xhat * slope

    def along(self, name: str, x: Array) -> Array:
        """A parameter, shaped against x."""
        return self.arrays[name].reshape(1, -1, *(1,) * (x.ndim - 2))


class RMSLayer(SampleLayer):
    """y = weight * x / sqrt(E[x^2] + eps), E over a sample; no bias."""

    POOLS: Pools = "rms"

    def pooled(self, grouped: Array) -> tuple[Array, Array]:
        return np.zeros_like(grouped[..., :1]), np.square(grouped).mean(2, keepdims=True)

    def inner(self, g: Array, xhat: Array) -> Array:
        return g - xhat * (g * xhat).mean(2, keepdims=True)

    def along(self, name: str, x: Array) -> Array:
        return super().along(name, x) * (name == "weight")
