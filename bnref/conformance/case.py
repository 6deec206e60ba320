"""What a check works with: an implementation that is watched, inputs, and comparisons."""

from __future__ import annotations

from typing import Any

import numpy as np

from bnref.conformance.draw import draw
from bnref.conformance.floats import Array
from bnref.conformance.implementation import METHODS, Config, Implementation, Pools
from bnref.conformance.numerics import Expected
from bnref.conformance.result import Finding
from bnref.conformance.script import Script
from bnref.conformance.watched import Broken, NotApplicable, Watched, line


class Case:
    """One check on one implementation."""

    def __init__(
        self,
        implementation: Implementation,
        rng: np.random.Generator,
        needs: tuple[str, ...],
        of: tuple[Pools, ...],
    ) -> None:
        self.implementation, self.rng = implementation, rng
        self.needs, self.of = needs, of
        self.conventions = implementation.conventions
        self._script = Script()

    @property
    def dtype(self) -> str:
        """The most precise type of the implementation: for properties that are no matter of types."""
        return self.implementation.dtypes[0]

    @property
    def dtypes(self) -> tuple[str, ...]:
        return self.implementation.dtypes

    def shape(self, *wanted: int) -> tuple[int, ...]:
        """This shape, or one of as many values per channel in a rank that the implementation has."""
        ranks = self.implementation.ranks
        if len(wanted) in ranks:
            return wanted
        rank = min(ranks, key=lambda r: abs(r - len(wanted)))
        n, channels, *rest = wanted
        while len(rest) + 2 < rank:
            rest.append(1)
        while len(rest) + 2 > rank:
            n *= rest.pop()
        return (n, channels, *rest)

    def applicable(self) -> None:
        """Raise NotApplicable to another kind of layer, and where a method that is needed lacks."""
        if self.implementation.pools not in self.of:
            raise NotApplicable(f"for layers that pool over {' or '.join(self.of)}")
        layer = self.layer(3)
        for method in self.needs:
            if not layer.has(method):
                raise NotApplicable(f"the layer has no {method}{METHODS[method]}")
        self._script.clear()

    def layer(
        self, channels: int, rank: int | None = None, dtype: str = "", **config: Any
    ) -> Watched:
        """A fresh layer; rank 4 and the most precise type unless said otherwise."""
        ranks = self.implementation.ranks
        rank = rank or (4 if 4 in ranks else ranks[-1])
        wanted = Config(channels=channels, rank=rank, dtype=dtype or self.dtype, **config)
        name = self._script.make(wanted)
        try:
            layer = self.implementation.make(wanted)
        except NotImplementedError as error:
            raise NotApplicable(line(error) or f"no layer for {wanted}") from error
        except Exception as error:
            reason = f"make raised {type(error).__name__}: {line(error)}"
            raise Broken(reason, f"a layer for {wanted}") from error
        return Watched(layer, wanted, name, self._script)

    def default(self) -> Watched:
        """The implementation's own layer of 3 channels, made without momentum or eps."""
        if self.implementation.default is None:
            raise NotApplicable("the implementation offers no `default`")
        name = self._script.make(None)
        ranks = self.implementation.ranks
        config = Config(channels=3, rank=4 if 4 in ranks else ranks[-1], dtype="float32")
        return Watched(self.implementation.default(), config, name, self._script)

    def prepared(self, x: Array, dtype: str = "", **config: Any) -> tuple[Watched, Array, Array]:
        """A fresh layer for x with a random weight and bias, and these."""
        layer = self.layer(x.shape[1], x.ndim, dtype, **config)
        weight, bias = self.parameters(x.shape[1], dtype)
        layer.load(weight=weight, bias=bias)
        return layer, weight, bias

    def statistics(self, channels: int) -> tuple[Array, Array]:
        """A running mean and a running variance, exact in every type."""
        mean = np.round(self.rng.uniform(-2, 2, channels) * 16) / 16
        var = np.round(self.rng.uniform(0.25, 3, channels) * 16) / 16
        return mean.astype("float32"), var.astype("float32")

    def halves(self) -> tuple[str, ...]:
        """The half types of the implementation; NotApplicable where it has none."""
        found = tuple(dtype for dtype in self.dtypes if dtype in ("float16", "bfloat16"))
        if not found:
            raise NotApplicable("the implementation has neither float16 nor bfloat16")
        return found

    def made(self, values: Array, code: str, *drawn: Array) -> Array:
        """The values, remembered as this code of the drawn arrays {0}, {1}, ... it was made of."""
        self._script.drawn(values, code.format(*(self._script.written(array) for array in drawn)))
        return values

    def number(self) -> int:
        """A seed for an input."""
        return int(self.rng.integers(1_000_000))

    def draw(
        self,
        shape: tuple[int, ...],
        dtype: str = "",
        mean: float | None = None,
        std: float | None = None,
    ) -> Array:
        """Random values of this type: neither centred nor of unit variance unless asked for."""
        dtype = dtype or self.dtype
        mean = (
            float(np.round(self.rng.uniform(0.5, 3) * self.rng.choice((-1, 1)), 2))
            if mean is None
            else mean
        )
        std = float(np.round(self.rng.uniform(0.3, 3), 2)) if std is None else std
        seed = self.number()
        values = draw(seed, shape, dtype, mean, std)
        self._script.drawn(values, f"draw({seed}, {shape}, {dtype!r}, mean={mean!r}, std={std!r})")
        return values

    def parameters(self, channels: int, dtype: str = "") -> tuple[Array, Array]:
        """A weight, of both signs where there are two channels, and a bias; exact in the half types."""
        few, kind = min(channels, 8), "float64" if (dtype or self.dtype) == "float64" else "float32"
        weight = (np.round(self.rng.uniform(0.5, 2, few) * 16) / 16).astype(kind)
        bias = (np.round(self.rng.uniform(0.25, 1.5, few) * 16) / 16).astype(kind)
        weight[1::2] *= -1
        if channels == few:
            return weight, bias
        code = f"np.resize({{0}}, {channels})"
        again = (self.made(np.resize(value, channels), code, value) for value in (weight, bias))
        return next(again), next(again)

    def near(self, what: str, found: Array, expected: Expected) -> Finding:
        """Within its bounds, at every place; told of the worst."""
        error = np.abs(found.astype(expected.exact.dtype) - expected.exact)
        excess = np.asarray(error / expected.bound, np.float64)
        excess = np.where(error == 0, 0, np.where(np.isnan(excess), np.inf, excess))
        ulps = np.asarray(error / expected.ulp, np.float64)
        worst = excess if excess.max() > 1 else ulps
        at = np.unravel_index(int(np.argmax(worst)), excess.shape)
        place = ", ".join(map(str, map(int, at)))
        best = np.abs(expected.best.astype(expected.exact.dtype) - expected.exact) / expected.ulp
        return self._found(
            what=what,
            expected=f"{_number(expected.exact[at])} at [{place}]",
            found=f"{_number(found[at])}, wrong at {int((excess > 1).sum())} of {excess.size} places",
            excess=float(excess.max()),
            ulp=float(ulps[at]),
            best_ulp=float(best.max()),
            tolerance_ulp=float(expected.bound[at] / expected.ulp[at]),
        )

    def same(self, what: str, found: Array, expected: Array) -> Finding:
        """Equal to the last bit."""
        found, expected = np.atleast_1d(found), np.atleast_1d(expected)
        unequal = found != expected
        if not unequal.any():
            return self._found(what=what, expected="the same bits", found="the same bits", excess=0)
        at = tuple(int(i[0]) for i in np.nonzero(unequal))
        return self._found(
            what=what,
            expected=f"{_number(expected[at])} at {list(at)}",
            found=f"{_number(found[at])}, wrong at {int(unequal.sum())} of {unequal.size} places",
            excess=np.inf,
        )

    def holds(self, what: str, good: bool, expected: str, found: str) -> Finding:
        """A statement that is true or not."""
        excess = 0 if good else np.inf
        return self._found(what=what, expected=expected, found=found, excess=excess)

    def _found(self, **finding: Any) -> Finding:
        return Finding(**finding, script=self._script.compared())

    def reproduction(self) -> str:
        """The calls so far, as a script that needs only the adapter and `draw`."""
        return self._script.text()


def _number(value: Any) -> str:
    return f"{float(value):.9g}"
