"""A mutant: the clean layer with one historical bug. The folder bugs/ is the registry."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from bnref.conformance.implementation import Conventions, Implementation
from bnref.conformance.museum.clean import Layer
from bnref.conformance.museum.clean_samples import RMSLayer, SampleLayer

WIDE = ("float64", "float32")
ALL = (*WIDE, "float16", "bfloat16")
USUAL = Conventions()


@dataclass(frozen=True)
class Mutant:
    """A layer with a bug, and the checks that must see it."""

    layer: type[Layer]
    meant_for: tuple[str, ...]
    conventions: Conventions
    dtypes: tuple[str, ...]

    @property
    def id(self) -> str:
        """The name of its class, in the words of the checks: snake case."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", self.layer.__name__).lower()

    @property
    def sentence(self) -> str:
        """What the bug is: the sentence that opens the docstring."""
        return " ".join((self.layer.__doc__ or "").split()).partition(". ")[0].rstrip(".")

    @property
    def links(self) -> tuple[str, ...]:
        """The threads that the docstring cites."""
        return tuple(re.findall(r"https://\S+[\w/]", self.layer.__doc__ or ""))

    @property
    def implementation(self) -> Implementation:
        """The mutant as the checks see it, of the same declarations as the clean layer."""
        return implementation(self.layer, self.id, self.conventions, self.dtypes)


def implementation(
    layer: type[Layer], name: str, conventions: Conventions, dtypes: tuple[str, ...]
) -> Implementation:
    """A layer of the museum as an implementation."""
    return Implementation(
        name=name,
        make=layer,
        conventions=conventions,
        dtypes=dtypes,
        strides=True,
        default=lambda: layer(layer.DEFAULT),
        pools=layer.POOLS,
        memory=layer.MEMORY,
    )


CLEAN = implementation(Layer, "clean", USUAL, ALL)
"""The layer without a bug, in all types."""
CLEAN_SAMPLES = (
    implementation(SampleLayer, "clean, of groups", USUAL, ALL),
    implementation(RMSLayer, "clean, without a mean", USUAL, ALL),
)
"""The layers without a bug that normalise each sample by itself."""
_LABEL = "_label"


def bug(
    *meant_for: str,
    conventions: Conventions = USUAL,
    dtypes: tuple[str, ...] = WIDE,
) -> Callable[[type[Layer]], type[Layer]]:
    """Make a layer a mutant that the named checks must see. A bug of the half types names ALL types."""

    def labelled(layer: type[Layer]) -> type[Layer]:
        setattr(layer, _LABEL, Mutant(layer, meant_for, conventions, dtypes))
        return layer

    return labelled


def mutants() -> dict[str, Mutant]:
    """All mutants by id, in the order of files and of lines: every labelled class in bugs/."""
    found: dict[str, Mutant] = {}
    for path in sorted((Path(__file__).parent / "bugs").glob("[!_]*.py")):
        module = import_module(f"bnref.conformance.museum.bugs.{path.stem}")
        for item in vars(module).values():
            mutant = vars(item).get(_LABEL) if isinstance(item, type) else None
            if mutant and item.__module__ == module.__name__:
                assert mutant.id not in found, f"{path.name}: the id {mutant.id} is taken"
                found[mutant.id] = mutant
    return found
