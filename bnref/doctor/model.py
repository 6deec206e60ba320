"""A user's model: loaded from a file, given a batch, observed, diagnosed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from bnref.doctor import (
    batch_size,
    copies,
    evaluation,
    freezing,
    momentum,
    repeated,
    statistics,
)
from bnref.doctor.finding import SEVERITIES, Finding
from bnref.doctor.observation import Observation
from bnref.doctor.observe import Batch, Step, observe
from bnref.doctor.report import Report
from bnref.doctor.step import StepError
from bnref.doctor.watch import line

DIAGNOSES: tuple[Callable[[Observation], list[Finding]], ...] = (
    momentum.diagnose,
    batch_size.diagnose,
    freezing.diagnose,
    statistics.diagnose,
    repeated.diagnose,
    copies.diagnose,
    evaluation.diagnose,
)
DTYPES = ("float32", "float64", "float16", "bfloat16", "int64")


class Trouble(ValueError):
    """The model could not be examined; the message is one line."""


def run(target: str, inputs: Sequence[str], dtype: str = "float32") -> Report:
    """Examines what `model.py:build` or `package.module:build` returns; see `built` for what it may."""
    with _imports_beside(target), redirect_stdout(sys.stderr):
        model, own = built(target)
        if own is not None and inputs:
            raise Trouble(f"{target} returns its own batch or step: leave out --input")
        if own is None and not inputs:
            raise Trouble(f"{target} returns only a model: say --input, such as 8x3x32x32")
        random = tuple(batch(shape, dtype, number) for number, shape in enumerate(inputs))
        shapes = f"{', '.join(inputs)} {dtype}" if own is None else _shapes(own)
        return examine(
            model, random if own is None else own, name=target, input=shapes, own=own is not None
        )


def examine(
    model: nn.Module,
    batch: Batch | Step,
    *,
    name: str = "",
    input: str = "",
    own: bool = True,
) -> Report:
    """One dry step of a model on a batch (its arguments), or of step(model) -> loss.

    The model is left as it was: parameters, buffers, gradients, modes, plain attributes of modules,
    and torch's random numbers. `own` says that the batch is of the model's data, not random.

    Raises Trouble if the model cannot be run.
    """
    model = getattr(model, "_orig_mod", model)  # what torch.compile wraps: hooks see that
    _check(model)
    try:
        seen = observe(model, batch, own)
    except StepError as error:
        raise Trouble(f"{error} ({name} on {input})" if name else str(error)) from error.__cause__
    findings = [finding for diagnose in DIAGNOSES for finding in diagnose(seen)]
    findings.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    return Report(
        name or type(model).__name__,
        input or (_shapes(batch)),
        len(seen.layers),
        tuple(findings),
        seen.not_looked_at,
    )


def batch(shape: str, dtype: str = "float32", seed: int = 0) -> Tensor:
    """A random batch of shape "8x3x32x32": normal with mean 0.5 and deviation 1.5, or zeros and ones."""
    try:
        sizes = [int(size) for size in shape.lower().split("x")]
        if min(sizes) < 1:
            raise ValueError
    except ValueError:
        raise Trouble(f"--input {shape}: expected sizes such as 8x3x32x32") from None
    if dtype not in DTYPES:
        raise Trouble(f"--dtype {dtype}: expected one of {', '.join(DTYPES)}")
    generator = torch.Generator().manual_seed(seed)
    if dtype == "int64":
        return torch.randint(0, 2, sizes, generator=generator)
    return (torch.randn(sizes, generator=generator) * 1.5 + 0.5).to(getattr(torch, dtype))


def built(target: str) -> tuple[nn.Module, Batch | Step | None]:
    """The model, and the batch or step that comes with it, if one does.

    `build()` returns a model; or (model, tensor, ...), the batch of one step; or (model, step), where
    step(model) returns the loss and leaves backward to us. A module instead of a function will do.
    """
    where, _, attribute = target.rpartition(":")
    if not where or not attribute:
        raise Trouble(f"{target!r}: expected model.py:build or package.module:build")
    try:
        module = _from_file(Path(where)) if where.endswith(".py") else import_module(where)
        found = getattr(module, attribute)
        found = found if isinstance(found, nn.Module) else found()
    except Trouble:
        raise
    except (Exception, SystemExit) as error:  # the file is the user's, and may raise anything
        raise Trouble(f"{target}: {line(error)}") from error
    model, *rest = found if isinstance(found, tuple) and found else (found,)
    if not isinstance(model, nn.Module):
        raise Trouble(f"{target} returned {type(model).__name__}, expected a torch.nn.Module")
    if not rest:
        return model, None
    if len(rest) == 1 and callable(rest[0]) and not isinstance(rest[0], nn.Module):
        return model, rest[0]
    if all(isinstance(one, Tensor) for one in rest):
        return model, tuple(rest)
    kinds = ", ".join(type(one).__name__ for one in rest)
    raise Trouble(
        f"{target} returned a model and {kinds}, expected tensors or one function beside it"
    )


def _from_file(path: Path) -> Any:
    if not path.is_file():
        raise Trouble(f"{path}: no such file")
    spec = spec_from_file_location(f"bnref_doctor_of_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@contextmanager
def _imports_beside(target: str) -> Iterator[None]:
    """The model's file may import its neighbours; a module is looked for in this folder, too."""
    where = target.rpartition(":")[0]
    folder = str(Path(where).resolve().parent if where.endswith(".py") else Path.cwd())
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        if folder in sys.path:
            sys.path.remove(folder)


def _check(model: nn.Module) -> None:
    """What cannot be observed, said before anything is run."""
    if any(isinstance(module, torch.jit.ScriptModule) for module in model.modules()):
        raise Trouble("a ScriptModule cannot be observed: build the Python model")
    for name, tensor in (*model.named_parameters(), *model.named_buffers()):
        if is_lazy(tensor):
            raise Trouble(f"{name} has no shape yet (a lazy module): run one batch in build()")
        if tensor.device.type != "cpu":
            raise Trouble(f"{name} is on {tensor.device}: build the model on the CPU")


def _shapes(own: Batch | Step) -> str:
    if not isinstance(own, tuple):
        return "its own step"
    shapes = ("x".join(map(str, tensor.shape)) for tensor in own)
    return f"its own batch {', '.join(shapes)}"
