"""The options of a run: `--bn-name` on the command line, or `bn_name` in the ini file."""

import os
from pathlib import Path

import pytest

from bnref.evidence.claim import SCALES
from bnref.evidence.provenance import ProvenanceError, gpus

OPTIONS = {
    "scale": ("small", f"how large the experiments are: {', '.join(SCALES)}"),
    "device": ("cpu", "where cells run: cpu or cuda"),
    "seeds": ("", "judge these seeds, as 0-4 or 0,1,2; marks the verdicts as unregistered"),
    "claim": ("", "only these claims, exactly, with their cells: WH18-1,MOM-2"),
    "workers": ("", "worker processes of one thread each (default: one per core)"),
    "per_device": ("", "worker processes that share a GPU (default: 1; with --bn-device cuda)"),
    "store": (".bnref/store", "folder of the records"),
    "impl": ("", "package.module:adapter, checked by `pytest --pyargs bnref.conformance`"),
    "norm": ("", "package.module:factory, a layer that takes the place of batch_norm"),
}
FLAGS = {
    "download": "allow torchvision to download full data sets",
    "replay": "replay steps of training from CUDA graphs, the same numbers with fewer launches",
    "nondeterministic": "let a GPU use kernels whose results vary; its records are kept apart",
    "sequential": "take seeds one by one until each claim is decided, at most 30 (docs/STATISTICS.md)",
}


def add(parser: pytest.Parser) -> None:
    """Declare every option, and an ini key of the same name for each."""
    group = parser.getgroup("bnref", "claims about batch normalisation")
    for name, (default, text) in OPTIONS.items():
        group.addoption(f"--bn-{name.replace('_', '-')}", default=None, help=text)
        parser.addini(f"bn_{name}", text, default=default)
    for name, text in FLAGS.items():
        group.addoption(f"--bn-{name}", action="store_true", default=None, help=text)
        parser.addini(f"bn_{name}", text, type="bool", default=False)
    # Never in a file: publishing is asked for each time.
    text = "publish what benchmarks/test_conformance.py finds, though no claim is judged"
    group.addoption("--bn-publish", action="store_true", help=text)


def option(config: pytest.Config, name: str) -> str:
    """The value of --bn-name, or of its ini key bn_name."""
    given = config.getoption(f"bn_{name}")
    return str(config.getini(f"bn_{name}") if given is None else given).strip()


def flag(config: pytest.Config, name: str) -> bool:
    """Whether --bn-name was given, or its ini key is true."""
    return bool(config.getoption(f"bn_{name}") or config.getini(f"bn_{name}"))


def chosen_device(config: pytest.Config) -> str:
    """Where cells run and layers are timed: cpu or cuda."""
    device = option(config, "device")
    if device not in ("cpu", "cuda"):
        raise pytest.UsageError(f"--bn-device {device}: cpu or cuda")
    return device


def chosen_scale(config: pytest.Config) -> str:
    """How large the experiments are. Raises UsageError where there is no such scale."""
    scale = option(config, "scale")
    if scale not in SCALES:
        raise pytest.UsageError(f"--bn-scale {scale}: one of {', '.join(SCALES)}")
    return scale


def chosen_store(config: pytest.Config) -> Path:
    """The folder of the store, which need not be there yet."""
    text = option(config, "store")
    path = config.rootpath / Path(text).expanduser()
    for part in (path, *path.parents):
        if part.exists() and not part.is_dir():
            raise pytest.UsageError(f"--bn-store {text}: {part} is not a folder")
    return path


def chosen_seeds(config: pytest.Config) -> tuple[int, ...] | None:
    """The seeds that stand for the claims' own, or None."""
    text = option(config, "seeds")
    if not text:
        return None
    try:
        seeds: set[int] = set()
        for part in text.split(","):
            first, _, last = part.partition("-")
            seeds.update(range(int(first), int(last or first) + 1))
    except ValueError:
        raise pytest.UsageError(f"--bn-seeds {text}: expected 0-4 or 0,1,2") from None
    if not seeds:
        raise pytest.UsageError(f"--bn-seeds {text}: no seed in that range")
    return tuple(sorted(seeds))


def chosen_workers(config: pytest.Config) -> int:
    """How many worker processes: one per core, or one per GPU, unless it is said.

    Raises UsageError where --bn-per-device stands beside --bn-workers or the cpu.
    """
    device = chosen_device(config)
    workers, shared = _count(config, "workers"), _count(config, "per_device")
    if shared and device != "cuda":
        raise pytest.UsageError(
            f"--bn-per-device {shared}: workers share a GPU (--bn-device cuda); "
            f"on the cpu say --bn-workers {shared}"
        )
    if shared and workers:
        raise pytest.UsageError("--bn-per-device and --bn-workers: give one of them")
    if workers or device == "cpu":
        return workers or len(os.sched_getaffinity(0))
    try:
        return len(gpus()) * (shared or 1)
    except ProvenanceError as error:
        raise pytest.UsageError(str(error)) from error


def gpu_settings(config: pytest.Config) -> dict[str, str]:
    """What workers find in their environment of the flags that are for a GPU.

    Raises UsageError where one is given for the cpu.
    """
    given = {name: flag(config, name) for name in ("replay", "nondeterministic")}
    if any(given.values()) and chosen_device(config) != "cuda":
        name = next(name for name, wanted in given.items() if wanted)
        raise pytest.UsageError(f"--bn-{name}: for cells on a GPU (--bn-device cuda)")
    return {f"BNREF_{name.upper()}": "1" if wanted else "0" for name, wanted in given.items()}


def _count(config: pytest.Config, name: str) -> int:
    """A whole number from 1, or 0 where none was given."""
    text = option(config, name)
    if text and (not text.isdecimal() or int(text) < 1):
        flagged = f"--bn-{name.replace('_', '-')}"
        raise pytest.UsageError(f"{flagged} {text}: a whole number from 1")
    return int(text or 0)


def chosen_sequential(config: pytest.Config) -> bool:
    """Whether seeds are taken one by one. Raises UsageError beside what changes seeds or arms."""
    if not flag(config, "sequential"):
        return False
    beside = [f"--bn-{name}" for name in ("seeds", "norm") if option(config, name)]
    beside += ["--bn-scale smoke"] if chosen_scale(config) == "smoke" else []
    if beside:
        raise pytest.UsageError(
            f"--bn-sequential judges the registered claims on their own seeds: not with {beside[0]}"
        )
    return True
