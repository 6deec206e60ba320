"""The calls of a check, written down as they happen: the reproduction of a finding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any

import numpy as np

from bnref.conformance.implementation import Config

HEAD = """\
import numpy as np
from numpy import inf, nan
from bnref.conformance import Config, apart, draw, load
adapter = load("{adapter}")
"""


@dataclass(frozen=True)
class _Call:
    """A method of a layer and what it was given: arrays as copies, or as the code they were drawn by."""

    layer: str
    method: str
    arguments: tuple[Any, ...]

    def written(self) -> str:
        call = f"{self.layer}.{self.method}({', '.join(map(_written, self.arguments))})"
        return call if self.method in ("load", "reset") else f"print({call})"


class Script:
    """Lines of Python that make the same layers and hand them the same inputs.

    Arrays are written out when somebody asks for the text, not before: most checks pass.
    """

    def __init__(self) -> None:
        self._lines: list[tuple[str, str | _Call]] = []
        self._recipes: dict[int, tuple[Any, Any, str]] = {}
        self._layers, self._seen = 0, 0
        self._recent: frozenset[str] = frozenset()

    def clear(self) -> None:
        """Forget the lines so far."""
        self._lines.clear()
        self._layers = 0

    def make(self, config: Config | None) -> str:
        """Note that a layer was made, the default one where there is no config; its name."""
        self._layers += 1
        name = f"layer{self._layers}"
        call = "default()" if config is None else f"make({config!r})"
        self._lines.append((name, f"{name} = adapter.{call}"))
        return name

    def drawn(self, values: Any, recipe: str) -> None:
        """Remember how an array came about."""
        # Kept alive, so that its id stays its own, and copied where it may be changed after the draw.
        kept = values.copy() if values.flags.writeable else values
        self._recipes[id(values)] = values, kept, recipe

    def call(self, name: str, method: str, arguments: tuple[Any, ...]) -> None:
        """Note a call of a layer's method."""
        self._lines.append((name, _Call(name, method, tuple(map(self._kept, arguments)))))

    def compared(self) -> Callable[[], str]:
        """Note that a finding was made; its text, for who asks: the layers called since the last."""
        called = frozenset(name for name, _ in self._lines[self._seen :])
        self._recent = called or self._recent
        self._seen = len(self._lines)
        return partial(self.text, self._seen, self._recent)

    def text(self, end: int | None = None, layers: frozenset[str] = frozenset()) -> str:
        """The calls up to `end` of these layers, or all; {adapter} stands for package.module:adapter."""
        lines = (line for name, line in self._lines[:end] if name in layers or not layers)
        told = (line if isinstance(line, str) else line.written() for line in lines)
        runs = [(line, len(list(run))) for line, run in groupby(told)]
        loop = "for _ in range({}):\n    {}"
        return HEAD + "\n".join(line if n == 1 else loop.format(n, line) for line, n in runs)

    def written(self, value: Any) -> str:
        """A value as Python: as it was drawn, or written out."""
        return _written(self._kept(value))

    def _kept(self, value: Any) -> Any:
        """What a line must hold of a value that may change after it."""
        if isinstance(value, dict):
            return {key: self._kept(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._kept(item) for item in value]
        if not isinstance(value, np.ndarray):
            return value
        _, drawn, recipe = self._recipes.get(id(value), (None, None, ""))
        unchanged = recipe and (value is drawn or np.array_equal(value, drawn))
        return _Code(recipe) if unchanged else value.copy()


class _Code(str):
    """A string that is Python already."""


def _written(value: Any) -> str:
    if isinstance(value, _Code):
        return value
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {_written(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_written, value)) + "]"
    if isinstance(value, np.ndarray):
        return f"np.array({value.tolist()!r}, {str(value.dtype)!r})"
    return repr(value)
