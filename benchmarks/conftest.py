"""How pytest-benchmark shows the timings of layers, and the environment that its JSON keeps."""

from typing import Any

import msgspec
import pytest

from bnref import __version__
from bnref.evidence.provenance import environment
from bnref.inspection.publish import published
from bnref.inspection.run import Run
from bnref.options import chosen_device, chosen_scale, chosen_store, chosen_workers
from bnref.plugin import said
from bnref.report.performance import write

THREADS = 1
"""Layers are timed on one thread, as the workers run them."""
MEASURED = pytest.StashKey[dict[str, object]]()


@pytest.fixture(scope="session")
def performance(pytestconfig: pytest.Config) -> dict[str, object]:
    """The sections of performance.json: a test that measures one writes it here."""
    return pytestconfig.stash.setdefault(MEASURED, {})


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """With --collect-only, what the conformance kit would have to do."""
    if not session.config.option.collectonly:
        return
    config = session.config
    items = [item for item in session.items if "inspected" in getattr(item, "fixturenames", ())]
    for module in {item.module for item in items}:
        asked, everything = module.selected(session)
        run = Run(chosen_store(config), chosen_workers(config))
        before = published(config.rootpath)
        said(config)(run.plan(asked, before, everything=everything).forecast())


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
