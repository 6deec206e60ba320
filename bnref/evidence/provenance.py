"""What a cell's numbers depend on beside the cell: code, data, torch and device. No torch needed."""

import ast
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from functools import lru_cache
from importlib.machinery import PathFinder
from importlib.resources import files
from pathlib import Path

import numpy

from bnref.evidence.cell import Cell, Provenance, digest
from bnref.evidence.record import Environment

KERNELS = "bnref.lab.kernels"
"""Its `choose` is called before a cell on a GPU: part of the code that such a cell depends on."""


class ProvenanceError(Exception):
    """A module, data set or device that a cell names cannot be found; the message says which."""


def provenance(cell: Cell) -> Provenance:
    """The digests and versions that the store's key for this cell holds.

    Raises ProvenanceError naming what the cell asks for and this machine does not have.
    """
    norm, data = cell.arm.get("norm"), cell.arm.get("data")
    return Provenance(
        code=code_digest(
            cell.experiment, str(norm) if norm else None, KERNELS if cell.device == "cuda" else None
        ),
        data=data_digest(str(data)) if data else "none",
        torch=version("torch"),
        device_model=device_model(cell.device),
    )


@lru_cache
def code_digest(experiment: str, norm: str | None, kernels: str | None = None) -> str:
    """Digest of the experiment's import closure within the lab, and of the norm that it runs.

    With `kernels` also of the module that chooses them. Torch's own layers are what its version says.
    """
    modules = {experiment} | ({kernels} if kernels else set())
    if norm is not None and not norm.startswith("torch."):
        modules.add(norm.partition(":")[0] if ":" in norm else f"bnref.norms.{norm}")
    homes = tuple({_home(name) for name in (*modules, "bnref.lab", "bnref.norms")})
    sources: dict[str, str] = {}
    waiting = [(name, _source(name)) for name in modules]
    while waiting:
        name, path = waiting.pop()
        if name in sources:
            continue
        content = path.read_bytes()
        sources[name] = hashlib.sha256(content).hexdigest()
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        for imported in _imports(content, path, package):
            found = _find(imported)
            if found is not None and any(_belongs(found, home) for home in homes):
                waiting.append((imported, found))
    return digest(sorted(sources.items()))


def _home(module: str) -> Path:
    """The folder whose files count as a module's own; a lone file of site-packages stands alone."""
    top = module if module.startswith("bnref.") else module.partition(".")[0]
    path = _source(top) if _find(top) else _source(module)
    alone = path.parent.name == "site-packages"
    return path if alone else path.parent


def _belongs(path: Path, home: Path) -> bool:
    """Whether a file is a home's own: not one of an environment that lies in the same folder."""
    return path.is_relative_to(home) and "site-packages" not in path.relative_to(home).parts


def _imports(content: bytes, path: Path, package: str) -> Iterator[str]:
    try:
        tree = ast.parse(content)
    except SyntaxError as error:
        raise ProvenanceError(f"{path.name} line {error.lineno}: {error.msg}") from error
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*parts, node.module or ""]).strip(".") if node.level else node.module
            yield str(base)
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _find(module: str) -> Path | None:
    """The file of a module, found without importing any package on the way (none may be there)."""
    names = module.split(".")
    if not all(names) or names[0] in sys.stdlib_module_names:
        return None
    try:
        spec = importlib.util.find_spec(names[0])
    except (ImportError, ValueError):
        return None
    for end in range(2, len(names) + 1):
        if spec is None or spec.submodule_search_locations is None:
            return None
        try:
            inside = list(spec.submodule_search_locations)
            spec = PathFinder.find_spec(".".join(names[:end]), inside)
        except KeyError:  # a namespace package, whose parent would have to be imported
            return None
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return None
    return Path(spec.origin).resolve()


def _source(module: str) -> Path:
    path = _find(module)
    if path is None:
        raise ProvenanceError(f"no Python source found for module {module!r}")
    return path


@lru_cache
def data_digest(name: str) -> str:
    """The pinned digest of a data set, from the table that lies beside the data."""
    table = json.loads(files("bnref.lab.datasets").joinpath("digests.json").read_text())
    if name not in table:
        raise ProvenanceError(f"unknown data set {name!r}: one of {', '.join(sorted(table))}")
    return str(table[name])


@lru_cache
def version(package: str) -> str:
    """The installed version of a package, or "none"."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "none"


@lru_cache
def device_model(device: str) -> str:
    """What the device calls itself. Raises ProvenanceError where there is no such device.

    A GPU whose kernels may give other bits each time is another one (`--bn-nondeterministic`).
    """
    if device == "cpu":
        return _cpu_model()
    if device != "cuda":
        raise ProvenanceError(f"unknown device {device!r}: cpu or cuda")
    free = os.environ.get("BNREF_NONDETERMINISTIC") == "1"
    return _gpus()[0][1] + ", nondeterministic" * free


@lru_cache
def gpus() -> tuple[str, ...]:
    """UUIDs of the GPUs that cells may run on: the first one and its like, in the driver's order.

    Only those that CUDA_VISIBLE_DEVICES names, where it is set. Raises ProvenanceError where there is
    none.
    """
    found = _gpus()
    return tuple(uuid for uuid, model in found if model == found[0][1])


def _gpus() -> list[tuple[str, str]]:
    """UUID and model of every GPU that this process may use."""
    command = ["nvidia-smi", "--query-gpu=index,uuid,name", "--format=csv,noheader"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    except (OSError, subprocess.SubprocessError) as error:
        raise ProvenanceError("device cuda: nvidia-smi finds no GPU on this machine") from error
    lines = (line.split(", ", 2) for line in answer.stdout.strip().splitlines())
    by_name = {index: (uuid, model) for index, uuid, model in lines}
    count = len(by_name)
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        chosen = list(by_name.values())
    else:
        by_name |= {uuid: (uuid, model) for uuid, model in by_name.values()}
        chosen = [by_name[name] for name in visible.split(",") if name in by_name]
    if not chosen:
        raise ProvenanceError(
            f"device cuda: no GPU to use among {count} (CUDA_VISIBLE_DEVICES={visible!r})"
        )
    return chosen


def _cpu_model() -> str:
    table = Path("/proc/cpuinfo")
    lines = table.read_text().splitlines() if table.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or platform.machine()


def environment(device: str, threads: int) -> Environment:
    """The environment of a run, as its record keeps it."""
    return Environment(
        python=platform.python_version(),
        torch=version("torch"),
        numpy=numpy.__version__,
        system=f"{sys.platform} {platform.machine()}",
        device_model=device_model(device),
        threads=threads,
    )
