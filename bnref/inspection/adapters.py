"""The adapters of the kit, known by reading their files: none is imported, so no framework is."""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.metadata import packages_distributions, version
from importlib.util import find_spec
from pathlib import Path

from bnref.conformance import conventions
from bnref.conformance.conventions import ADAPTERS
from bnref.evidence.provenance import code_digest

HOME = "bnref.conformance.adapters"
FEW = {
    "torch_compiled:inductor": (
        "training_normalises_by_the_batch",
        "evaluation_normalises_by_the_running_statistics",
        "training_gradients_are_those_of_the_formula",
        "evaluation_gradients_are_those_of_the_formula",
        "momentum_weighs_the_new_batch",
        "momentum_none_averages_all_batches",
        "running_variance_is_of_the_declared_kind",
        "eps_is_the_one_that_was_asked_for",
        "a_large_mean_costs_no_more_than_its_size",
        "a_constant_channel_gives_the_bias",
        "a_refused_batch_leaves_the_state_as_it_was",
        "one_value_per_channel_is_refused_or_gives_the_bias",
        "buffers_are_updated_in_place",
        "statistics_may_share_memory_with_parameters",
    )
}
"""Adapters that are asked for these checks alone, as all take minutes: `bnref conform` asks for all."""
OURS = ("bnref_", "numpy_plain")
"""How the names of adapters of this project's own layers start."""


@dataclass(frozen=True)
class Adapter:
    """One adapter: its id on pages and in tests, where it is, and the packages it imports."""

    id: str
    target: str
    packages: tuple[str, ...]
    only: tuple[str, ...] = ()
    """The checks that it is asked for, where that is not all."""

    @property
    def ours(self) -> bool:
        """Whether it is of this project's own layers."""
        return self.id.startswith(OURS)

    @cached_property
    def missing(self) -> tuple[str, ...]:
        """The packages that are not installed here."""
        return tuple(name for name in self.packages if find_spec(name) is None)

    @cached_property
    def versions(self) -> dict[str, str]:
        """The installed versions of the distributions that the packages come from."""
        names = {name for package in self.packages for name in _distributions().get(package, ())}
        return {name: version(name) for name in sorted(names)}

    @property
    def code(self) -> str:
        """The digest of the adapter's file, of those it shares, and of the layer, if that is ours."""
        return code_digest(self.target.partition(":")[0], None)


def adapters() -> dict[str, Adapter]:
    """Every adapter by id: the name of its file, and of the attribute where that is not the usual."""
    found: dict[str, Adapter] = {}
    for place in ADAPTERS:
        file, _, attribute = place.partition(":")
        usual = attribute.lower() == "adapter"
        own = file if usual else f"{file}_{attribute.lower()}"
        found[own] = Adapter(own, f"{HOME}.{place}", _imported(file), FEW.get(place, ()))
    return found


@cache
def _imported(file: str) -> tuple[str, ...]:
    path = Path(conventions.__file__).parent / "adapters" / f"{file}.py"
    return tuple(sorted({"numpy", *_packages(path)}))


def _packages(path: Path, seen: frozenset[Path] = frozenset()) -> Iterator[str]:
    """The packages that an adapter imports, or names as a Framework, itself or through another."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "Framework":
            names = [str(part.value) for part in node.args if isinstance(part, ast.Constant)]
        for name in names:
            if inner := re.match(rf"{re.escape(HOME)}\.(\w+)", name):
                other = path.with_name(f"{inner[1]}.py")
                if other.is_file() and other not in seen:
                    yield from _packages(other, seen | {path})
            elif name.startswith("bnref.norms"):
                yield "torch"
            elif (top := name.partition(".")[0]) not in sys.stdlib_module_names | {"bnref"}:
                yield top


@cache
def _distributions() -> dict[str, list[str]]:
    return dict(packages_distributions())
