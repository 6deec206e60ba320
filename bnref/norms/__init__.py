"""The reference layers. The folder is the registry: a public module holding `NORM` is a normaliser.

get("batch_norm").build(64)            # a file of this folder
get("torch.nn:BatchNorm2d").build(64)  # any factory, channels -> module
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from bnref.norms._norm import Norm

__all__ = ["Norm", "get", "names"]


def names() -> tuple[str, ...]:
    """The normalisers of this folder, sorted."""
    files = Path(__file__).parent.glob("*.py")
    return tuple(sorted(file.stem for file in files if not file.stem.startswith("_")))


def get(name: str) -> Norm:
    """The normaliser `name`: a file of this folder, or `package.module:factory`.

    Raises ValueError, in one line, when there is no such file, module or factory.
    """
    if ":" in name:
        return _foreign(name)
    if name not in names():
        raise ValueError(
            f"no normaliser {name!r}: there are {', '.join(names())}, "
            "or give package.module:factory"
        )
    norm = import_module(f"{__name__}.{name}").NORM
    assert isinstance(norm, Norm), f"{name}.NORM is {norm!r}, expected a Norm"
    return norm


def _foreign(name: str) -> Norm:
    """A layer that is not ours: nothing is known about it but how to build it."""
    module, _, factory = name.partition(":")
    try:
        build = getattr(import_module(module), factory)
    except (ImportError, AttributeError, ValueError) as error:
        raise ValueError(
            f"no normaliser {name!r}: {error}; there are {', '.join(names())}"
        ) from error
    if not callable(build):
        raise ValueError(
            f"no normaliser {name!r}: {factory} is a {type(build).__name__}, "
            f"not callable; there are {', '.join(names())}"
        )
    return Norm(
        name=name, build=build, pools_over="undeclared", source=module, conventions="undeclared"
    )
