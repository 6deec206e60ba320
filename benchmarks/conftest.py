"""How pytest-benchmark shows the timings of layers, and the environment that its JSON keeps."""

from typing import Any

import msgspec
import pytest

from bnref import __version__
from bnref.evidence.provenance import environment
from bnref.options import chosen_device, chosen_scale
from bnref.report.performance import write

THREADS = 1
"""Layers are timed on one thread, as the workers run them."""
MEASURED = pytest.StashKey[dict[str, object]]()


@pytest.fixture(scope="session")
def performance(pytestconfig: pytest.Config) -> dict[str, object]:
    """The sections of performance.json: a test that measures one writes it here."""
    return pytestconfig.stash.setdefault(MEASURED, {})


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write what was measured: to reports/ where every section was, in one run."""
    sections = session.config.stash.get(MEASURED, {})
    if sections:
        write(session.config.rootpath, sections, _environment(session.config))


def _environment(config: pytest.Config) -> dict[str, object]:
    found = msgspec.to_builtins(environment(chosen_device(config), THREADS))
    return {**found, "bnref": __version__}


def pytest_configure(config: pytest.Config) -> None:
    """A narrow table, each layer beside its twin, unless the command line says otherwise."""
    chosen_device(config)  # a wrong one is one line here, an error of every test later
    chosen_scale(config)  # a wrong one is one line here, an error of every file later
    if not hasattr(config.option, "benchmark_columns"):
        return  # -p no:benchmark
    if config.option.benchmark_columns is None:
        config.option.benchmark_columns = ["median", "iqr", "rounds"]
    if not any(arg.startswith("--benchmark-sort") for arg in config.invocation_params.args):
        config.option.benchmark_sort = "name"


@pytest.hookimpl(optionalhook=True)
def pytest_benchmark_update_machine_info(
    config: pytest.Config, machine_info: dict[str, Any]
) -> None:
    """What the numbers depend on, in the place of the machine's name."""
    machine_info.pop("node", None)
    machine_info["environment"] = _environment(config)


@pytest.hookimpl(optionalhook=True)
def pytest_benchmark_update_commit_info(commit_info: dict[str, Any]) -> None:
    """pytest-benchmark names the project by the remote or the folder of this checkout."""
    commit_info["project"] = "bnref"
