"""The calls of a check, written down as they happen: the reproduction of a finding."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import numpy as np

from bnref.conformance.implementation import Config

HEAD = """\
import numpy as np
from numpy import inf, nan
from bnref.conformance import Config, draw, load
adapter = load("{adapter}")
"""


class Script:
    """Lines of Python that make the same layers and hand them the same inputs."""

    def __init__(self) -> None:
        self._lines: list[tuple[str, str]] = []
        self._recipes: dict[int, tuple[Any, Any, str]] = {}
        self._layers, self._seen = 0, 0
        self._recent: set[str] = set()

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
        # Kept alive, so that its id stays its own, and copied: it may be changed after the draw.
        self._recipes[id(values)] = values, values.copy(), recipe

    def call(self, name: str, method: str, arguments: tuple[Any, ...]) -> None:
        """Note a call of a layer's method."""
        call = f"{name}.{method}({', '.join(self.written(a) for a in arguments)})"
        self._lines.append((name, call if method in ("load", "reset") else f"print({call})"))

    def compared(self) -> None:
        """Note that a finding was made: what it is about are the layers called since the last."""
        self._recent = {name for name, _ in self._lines[self._seen :]} or self._recent
        self._seen = len(self._lines)

    def text(self) -> str:
        """The calls of the layers of the last finding; {adapter} stands for package.module:adapter."""
        lines = [line for name, line in self._lines if name in self._recent or not self._recent]
        runs = [(line, len(list(run))) for line, run in groupby(lines)]
        loop = "for _ in range({}):\n    {}"
        return HEAD + "\n".join(line if n == 1 else loop.format(n, line) for line, n in runs)

    def written(self, value: Any) -> str:
        """A value as Python: as it was drawn, or written out."""
        if isinstance(value, dict):
            return "{" + ", ".join(f"{k!r}: {self.written(v)}" for k, v in value.items()) + "}"
        if isinstance(value, list | tuple):
            return "[" + ", ".join(map(self.written, value)) + "]"
        if not isinstance(value, np.ndarray):
            return repr(value)
        _, drawn, recipe = self._recipes.get(id(value), (None, None, ""))
        if recipe and np.array_equal(value, drawn):
            return recipe
        return f"np.array({value.tolist()!r}, {str(value.dtype)!r})"
