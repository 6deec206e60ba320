"""The reference layers. The folder is the registry: a public module holding `NORM` is a normaliser.

get("batch_norm").build(64)            # a file of this folder
get("torch.nn:BatchNorm2d").build(64)  # any factory, channels -> module
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from traceback import extract_tb

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
    except (Exception, SystemExit) as error:  # whatever a user's file does when it is read
        raise ValueError(
            f"no normaliser {name!r}: {_what(error)}; there are {', '.join(names())}"
        ) from error
    if not callable(build):
        raise ValueError(
            f"no normaliser {name!r}: {factory} is a {type(build).__name__}, "
            f"not callable; there are {', '.join(names())}"
        )
    return Norm(
        name=name, build=build, pools_over="undeclared", source=module, conventions="undeclared"
    )


def _what(error: BaseException) -> str:
    """The error in one line, with the file and line that raised it unless it is the name's own."""
    said = " ".join(str(error.msg if isinstance(error, SyntaxError) else error).split())
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename} line {error.lineno}: {type(error).__name__}: {said}"
    last = extract_tb(error.__traceback__)[-1]
    if last.filename == __file__ or "importlib" in last.filename:
        return said
    return f"{last.filename} line {last.lineno}: {type(error).__name__}: {said}"
