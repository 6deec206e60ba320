"""Batch norm in NumPy with every method that a check may ask for: what each mutant is a small diff of.

Computed as rows (C, m), one of all values of a channel, in float64 for float64 and in float32 for
the other types, with one rounding at the end: by two passes, so as exact as each type allows.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bnref.conformance.floats import rounded, working
from bnref.conformance.implementation import Config, Pools, State

Array = NDArray[Any]
Gradients = tuple[Array, Array, Array]


class Layer:
    """y = weight * (x - mean) / sqrt(var + eps) + bias, one mean and variance per channel."""

    DEFAULT = Config(channels=3, dtype="float32")
    POOLS: Pools = "batch"
    MEMORY = 4.0

    def __init__(self, config: Config) -> None:
        self.config, self.work = config, working(config.dtype)
        self.frozen = False
        self.saved: tuple[Array, Array, Array, bool]
        one = np.ones(config.channels, self.work)
        self.arrays = {"weight": one, "bias": 0 * one}
        if config.track:
            self.arrays |= {"running_mean": 0 * one, "running_var": one.copy()}
            self.arrays["batches"] = np.zeros(1)

    def train(self, x: Array) -> Array:
        if self.frozen:
            return self.evaluate(x)
        rows = self.rows(x)
        self.enough(rows.shape[1])
        mean, var = self.moments(rows)
        y = self.normalise(rows, mean, var, training=True)
        self.move(mean, var, rows.shape[1])
        return self.shaped(y, x.shape)

    def evaluate(self, x: Array) -> Array:
        rows = self.rows(x)
        if self.config.track:
            mean, var = self.arrays["running_mean"], self.arrays["running_var"]
        else:
            mean, var = self.moments(rows)
        return self.shaped(self.normalise(rows, mean, var, not self.config.track), x.shape)

    def backward(self, dy: Array) -> Gradients:
        xhat, rstd, weight, training = self.saved
        dx, dweight, dbias = self.gradients(self.rows(dy), xhat, rstd, weight, training)
        return self.shaped(dx, dy.shape), dweight, dbias

    # The parts of the above.

    def rows(self, x: Array) -> Array:
        """(C, m) of (N, C, ...), in the working type."""
        return np.moveaxis(x, 1, 0).reshape(x.shape[1], -1).astype(self.work)

    def shaped(self, rows: Array, shape: tuple[int, ...]) -> Array:
        """(N, C, ...) of (C, m), rounded to the layer's type."""
        y = np.moveaxis(rows.reshape(shape[1], shape[0], *shape[2:]), 0, 1)
        return rounded(np.ascontiguousarray(y), self.config.dtype)

    def enough(self, count: int) -> None:
        """Refuse to normalise one value by itself."""
        if count < 2:
            raise ValueError("expected more than one value per channel in training")

    def moments(self, rows: Array) -> tuple[Array, Array]:
        """Mean and biased variance, by two passes."""
        mean = rows.mean(1)
        return mean, np.square(rows - mean[:, None]).mean(1)

    def rstd(self, var: Array) -> Array:
        """1 / sqrt(var + eps)."""
        return np.asarray(1 / np.sqrt(var + np.asarray(self.config.eps, self.work)))

    def normalise(self, rows: Array, mean: Array, var: Array, training: bool) -> Array:
        """y as rows; what backward will need is kept."""
        rstd = self.rstd(var)
        xhat = (rows - mean[:, None]) * rstd[:, None]
        self.saved = xhat, rstd, self.arrays["weight"].copy(), training
        return xhat * self.arrays["weight"][:, None] + self.arrays["bias"][:, None]

    def gradients(
        self, dy: Array, xhat: Array, rstd: Array, weight: Array, training: bool
    ) -> Gradients:
        """dx as rows, dweight and dbias, of rows."""
        dweight, dbias, m = (dy * xhat).sum(1), dy.sum(1), dy.shape[1]
        if training:
            dy = dy - dbias[:, None] / m - xhat * (dweight[:, None] / m)
        return dy * (weight * rstd)[:, None], dweight, dbias

    def move(self, mean: Array, var: Array, count: int) -> None:
        """Weigh the batch into the running statistics, unless it is not finite."""
        if self.config.track and self.sound(mean, var):
            self.arrays["batches"] += 1
            new = self.weight_of_new()
            self.weigh("running_mean", mean, new)
            self.weigh("running_var", self.kept(var, count), new)

    def sound(self, mean: Array, var: Array) -> bool:
        """Whether a batch may enter the running statistics: it holds no infinity and no NaN."""
        return bool(np.isfinite(mean).all() and np.isfinite(var).all())

    def weigh(self, name: str, value: Array, new: float) -> None:
        """running = (1 - new) running + new value, in place."""
        self.arrays[name][...] = (1 - new) * self.arrays[name] + new * value

    def weight_of_new(self) -> float:
        """The weight of this batch; all batches weigh alike where momentum is None."""
        if self.config.momentum is None:
            return 1 / float(self.arrays["batches"][0])
        return self.config.momentum

    def kept(self, var: Array, count: int) -> Array:
        """The variance that the running one follows: unbiased."""
        return var * (count / (count - 1))

    # The state.

    def state(self) -> State:
        return {name: value.copy() for name, value in self.arrays.items()}

    def load(self, state: State) -> None:
        for name in state:
            self.arrays[name][...] = state[name]

    def reset(self) -> None:
        self.load({"running_mean": np.zeros(1), "running_var": np.ones(1), "batches": np.zeros(1)})

    def freeze(self) -> None:
        self.frozen = True

    def addresses(self) -> dict[str, int]:
        return {name: value.ctypes.data for name, value in self.arrays.items()}

    def alias(self) -> None:
        self.arrays["running_mean"] = self.arrays["bias"]
        self.arrays["running_var"] = self.arrays["weight"]

    # What only some layers do.

    def checkpointed(self, x: Array, dy: Array) -> Gradients:
        self.train(x)
        rows = self.rows(x)
        self.normalise(rows, *self.moments(rows), training=True)
        return self.backward(dy)

    def double_backward(self, x: Array, dy: Array, v: Array, training: bool) -> tuple[Array, Array]:
        rows, g, u = self.rows(x), self.rows(dy), self.rows(v)
        if not training:
            self.evaluate(x)
            by_dy = u * (self.saved[2] * self.saved[1])[:, None]
            return np.zeros_like(x), self.shaped(by_dy, x.shape)
        self.normalise(rows, *self.moments(rows), training=True)
        by_x, by_dy = self.second(g, u)
        return self.shaped(by_x, x.shape), self.shaped(by_dy, x.shape)

    def second(self, g: Array, v: Array) -> tuple[Array, Array]:
        """The gradients of <dx, v> = weight rstd m (cov(v, g) - E[v xhat] E[g xhat])."""
        xhat, rstd, weight, _ = self.saved
        a, b = ((other * xhat).mean(1)[:, None] for other in (g, v))
        inner = (v * g).mean(1) - v.mean(1) * g.mean(1) - (a * b)[:, 0]
        through_xhat = self.gradients(v * a + g * b, xhat, rstd, weight * rstd, True)[0]
        through_rstd = (weight * rstd**2 * inner)[:, None] * xhat
        return -through_xhat - through_rstd, self.gradients(v, xhat, rstd, weight, True)[0]

    def triple_backward(self, x: Array, dy: Array, v: Array, w: Array, training: bool) -> Array:
        if not training:
            return np.zeros_like(x)
        rows, step = self.rows(x), 1e-20  # along w by an imaginary step: exact, whatever its size
        along = rows + 1j * step * self.rows(w)
        self.normalise(along, *self.moments(along), training=True)
        by_x, _ = self.second(self.rows(dy), self.rows(v))
        return self.shaped((by_x.imag / step).astype(self.work), x.shape)

    def masked(self, x: Array, mask: Array) -> Array:
        rows, true = self.rows(x), mask.ravel()
        mean, var = self.moments(rows[:, true])
        y = self.normalise(rows, mean, var, training=True)
        self.move(mean, var, int(true.sum()))
        return self.shaped(y * true, x.shape)

    def shards(
        self, xs: list[Array], dys: list[Array]
    ) -> tuple[list[Array], list[Array], Array, Array]:
        parts, cotangents = [self.rows(x) for x in xs], [self.rows(dy) for dy in dys]
        mean, var, count = self.joined(parts)
        ys, xhats = [], []
        for part in parts:
            ys.append(self.normalise(part, mean, var, training=True))
            xhats.append(self.saved[0])
        self.move(mean, var, count)
        dxs, dweight, dbias = self.reduced(cotangents, xhats, count)
        shapes = [x.shape for x in xs]
        return (
            [self.shaped(y, shape) for y, shape in zip(ys, shapes, strict=True)],
            [self.shaped(dx, shape) for dx, shape in zip(dxs, shapes, strict=True)],
            dweight,
            dbias,
        )

    def joined(self, parts: list[Array]) -> tuple[Array, Array, int]:
        """Mean, biased variance and count of all shards: sums of each, added up twice."""
        count = sum(part.shape[1] for part in parts)
        mean = np.asarray(sum(part.sum(1) for part in parts) / count)
        squares = sum(np.square(part - mean[:, None]).sum(1) for part in parts)
        return mean, np.asarray(squares / count), count

    def reduced(
        self, dys: list[Array], xhats: list[Array], count: int
    ) -> tuple[list[Array], Array, Array]:
        """dx of each shard, and dweight and dbias summed over them."""
        _, rstd, weight, _ = self.saved
        pairs = list(zip(dys, xhats, strict=True))
        dweight = np.asarray(sum((dy * xhat).sum(1) for dy, xhat in pairs))
        dbias = np.asarray(sum(dy.sum(1) for dy in dys))
        means = dbias[:, None] / count, dweight[:, None] / count
        scale = (weight * rstd)[:, None]
        return [(dy - means[0] - xhat * means[1]) * scale for dy, xhat in pairs], dweight, dbias

    def fold(self, kernel: Array, bias: Array) -> tuple[Array, Array]:
        scale = self.arrays["weight"] * self.rstd(self.arrays["running_var"])
        shift = (bias - self.arrays["running_mean"]) * scale + self.arrays["bias"]
        return kernel * scale.reshape(-1, *(1,) * (kernel.ndim - 1)), shift

    def fold_transposed(self, kernel: Array, bias: Array, groups: int) -> tuple[Array, Array]:
        inputs, outputs, size = kernel.shape
        grouped = kernel.reshape(groups, inputs // groups, outputs, size)
        by_output = np.moveaxis(grouped, 2, 1).reshape(groups * outputs, -1)
        folded, shift = Layer.fold(self, by_output, bias)
        folded = folded.reshape(groups, outputs, inputs // groups, size)
        return np.moveaxis(folded, 1, 2).reshape(kernel.shape), shift

    def fold_before(self, kernel: Array, bias: Array, padding: int) -> tuple[Array, Array]:
        if padding:
            raise ValueError("zeros that are padded after the layer are not shifted by it")
        scale, shift = Layer.fold(self, np.ones(self.config.channels), np.zeros(1))
        moved = np.einsum("oip,i->o", kernel, shift)
        return kernel * scale.reshape(1, -1, 1), bias + moved

    def compile(self) -> None:
        """There is nothing to compile: the same from then on."""

    def recalibrate(self, xs: list[Array]) -> None:
        own = self.config
        self.reset()
        self.config = replace(own, momentum=None)
        for x in xs:
            self.train(x)
        self.config = own

    def per_sample(self, x: Array, dy: Array) -> tuple[Array, Array]:
        self.evaluate(x)
        samples = x.shape[1], x.shape[0], -1
        xhat, rows = self.saved[0].reshape(samples), self.rows(dy).reshape(samples)
        return (rows * xhat).sum(2).T, rows.sum(2).T
