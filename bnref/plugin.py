"""The pytest glue: the matrix as tests, measuring before the first test, the summary."""

import os
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest

from bnref import options
from bnref.campaign import INTERRUPTED, Campaign, conclude
from bnref.conduct import conduct
from bnref.evidence.cell import identity
from bnref.evidence.finding import Finding, waiting
from bnref.evidence.provenance import ProvenanceError, version
from bnref.evidence.question import Question
from bnref.evidence.registry import ClaimError, family, load
from bnref.evidence.store import Store, StoreError
from bnref.execution.local import ask
from bnref.execution.worker import one_line
from bnref.options import (
    chosen_device,
    chosen_scale,
    chosen_seeds,
    chosen_sequential,
    chosen_store,
    chosen_workers,
    flag,
    gpu_settings,
    option,
)
from bnref.progress import result
from bnref.report.judged import Judged
from bnref.report.readme import ReadmeError
from bnref.schedule import Entry, entries

T = TypeVar("T")


class VerdictMoved(UserWarning):
    """A verdict moved to or from inconclusive since its expectation was written down."""


@dataclass
class Bench:
    """What the hooks of one pytest run share."""

    root: Path
    campaign: Campaign
    whole: bool
    """Whether every claim is asked, with its own seeds and norms, at scale small on the CPU."""
    judged: dict[str, Judged] = field(default_factory=dict)
    page: Path | None = None
    unwritten: str = ""
    """Why there is no report, where writing it failed."""


BENCH = pytest.StashKey[Bench]()
UNUSABLE = pytest.StashKey[pytest.UsageError]()


def pytest_addoption(parser: pytest.Parser) -> None:
    options.add(parser)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "cell: measures one run of one experiment")
    config.addinivalue_line("markers", "claim: judges one claim on the records of its cells")
    config.addinivalue_line("markers", "speed: times layers over the whole grid (-m speed)")
    config.addinivalue_line("filterwarnings", "default::bnref.plugin.VerdictMoved")


def publishes(config: pytest.Config) -> bool:
    """Whether this run may write reports/: every claim of scale small judged, none incomplete."""
    bench = config.stash.get(BENCH, None)
    if bench is None or not bench.whole or not bench.judged:
        return False
    return all(item.finding.status != "incomplete" for item in bench.judged.values())


def said(config: pytest.Config) -> Callable[[str], None]:
    """What writes a line to the terminal while a test runs."""
    capture, write = config.pluginmanager.get_plugin("capturemanager"), _writer(config)

    def say(line: str) -> None:
        with capture.global_and_fixture_disabled() if capture else nullcontext():
            write(line)

    return say


def _bench(config: pytest.Config) -> Bench:
    """The run's campaign, made when the first cell or claim test is collected."""
    if BENCH not in config.stash:
        config.stash[BENCH] = _open(config)
    return config.stash[BENCH]


def _open(config: pytest.Config) -> Bench:
    root = config.rootpath
    scale, device, norm = chosen_scale(config), chosen_device(config), option(config, "norm")
    seeds, sequential = chosen_seeds(config), chosen_sequential(config)
    wanted = [name for name in option(config, "claim").split(",") if name]
    try:
        claims = load(root)
    except ClaimError as error:
        raise pytest.UsageError(str(error)) from error
    for name in wanted:
        if name not in claims:
            raise pytest.UsageError(f"--bn-claim {name}: no such claim; {', '.join(claims)}")
    os.environ["BNREF_DOWNLOAD"] = "1" if flag(config, "download") else "0"
    os.environ.update(gpu_settings(config))
    os.environ.setdefault("BNREF_DATA", str(root / ".bnref" / "data"))
    if norm:
        _try(norm, device)
    questions = tuple(
        Question(
            paper,
            claim,
            scale,
            device,
            seeds,
            norm if norm and claim.substitutable_at(scale) else None,
            family(claims, paper, scale),
            sequential=sequential and claim.kind == "statistical",
        )
        for name, (paper, claim) in claims.items()
        if not wanted or name in wanted
    )
    campaign = Campaign(questions, Store(chosen_store(config)), chosen_workers(config))
    own = not (wanted or norm or seeds or sequential)
    return Bench(root, campaign, whole=own and scale == "small" and device == "cpu")


def _try(norm: str, device: str) -> None:
    """Stop with one line where the user's layer cannot stand in for batch norm."""
    if version("torch") == "none":
        raise pytest.UsageError("--bn-norm needs torch, which is not installed")
    found = ask("bnref.lab.try_norm:problem", norm, device)
    if found:
        raise pytest.UsageError(f"--bn-norm {norm}: {found.removeprefix(f'{norm} ')}")


def _questions(config: pytest.Config) -> tuple[Question, ...]:
    """What is asked. What is wrong with it is kept until collection is over: a UsageError is one
    line there, and a traceback for every file that is being collected.
    """
    if UNUSABLE not in config.stash:
        try:
            return _bench(config).campaign.questions
        except pytest.UsageError as error:
            config.stash[UNUSABLE] = error
    return ()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test per line of the matrix, one per claim."""
    if "bn_cell" in metafunc.fixturenames:
        lines = [line for question in _questions(metafunc.config) for line in entries(question)]
        metafunc.parametrize("bn_cell", lines, ids=[line.id for line in lines], indirect=True)
    if "bn_claim" in metafunc.fixturenames:
        questions = _questions(metafunc.config)
        ids = [question.id for question in questions]
        metafunc.parametrize("bn_claim", questions, ids=ids, indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The whole grid of timings runs only where it is asked for, by -m speed."""
    if "speed" not in str(config.getoption("markexpr")):
        slow = [item for item in items if item.get_closest_marker("speed")]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]


def _parameters(session: pytest.Session, fixture: str, kind: type[T]) -> list[T]:
    """The parameters of this kind; pytest puts its own mark where a matrix has no line."""
    specs = (getattr(item, "callspec", None) for item in session.items)
    found = (spec.params.get(fixture) for spec in specs if spec)
    return [parameter for parameter in found if isinstance(parameter, kind)]


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Measure the missing cells of the selected cell tests, then judge; tests only read."""
    config = session.config
    if UNUSABLE in config.stash:
        raise config.stash[UNUSABLE]
    selected = _parameters(session, "bn_cell", Entry)
    asked = _parameters(session, "bn_claim", Question)
    if not selected and not asked:
        return
    if hasattr(config, "workerinput"):
        raise pytest.UsageError("cells do not run under pytest-xdist: use --bn-workers instead")
    bench, write, dry = _bench(config), _writer(config), config.option.collectonly
    try:
        history = bench.campaign.history(bench.root / "reports")
        conduct(bench.campaign, selected, asked, history, write, dry=dry)
    except (ProvenanceError, StoreError) as error:
        raise pytest.UsageError(str(error)) from error
    if dry:
        return
    bench.judged = {item.finding.id: item for item in bench.campaign.judge(asked)}
    bench.whole &= {q.id for q in asked} == {q.id for q in bench.campaign.questions}


def _writer(config: pytest.Config) -> Callable[[str], None]:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or config.option.verbose < 0:
        return lambda line: None
    return reporter.write_line  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def bn_device(pytestconfig: pytest.Config) -> str:
    """The device that --bn-device names."""
    return chosen_device(pytestconfig)


@pytest.fixture
def bn_cell(request: pytest.FixtureRequest) -> Any:
    """The record of a cell; the test fails where it could not be measured."""
    bench, entry = _bench(request.config), request.param
    record = bench.campaign.lookup(entry.planned.cell)
    if record is not None:
        return record
    later = bench.campaign.reached.get(entry.question.id)
    if later and entry.planned.cell.seed not in (later.seeds or ()):
        pytest.skip(f"not needed: {later.id} is judged on {len(later.seeds or ())} seeds")
    found = bench.campaign.failures.get(identity(entry.planned.cell), "")
    if bench.campaign.stopped == INTERRUPTED and not found:
        pytest.skip(f"not measured: {INTERRUPTED}")
    pytest.fail(f"not measured: {found or bench.campaign.stopped or 'no record'}", pytrace=False)


@pytest.fixture
def bn_claim(request: pytest.FixtureRequest) -> Finding:
    """The finding of a claim; skipped where cells were left out, failed where something broke."""
    finding = _bench(request.config).judged[request.param.id].finding
    if finding.status in ("incomplete", "not_attempted"):
        if not waiting(finding):
            pytest.fail(f"{finding.id} incomplete: {finding.reason}", pytrace=False)
        if finding.scale != "smoke" or "missing" in finding.reason:
            pytest.skip(f"{finding.id} {finding.status}: {finding.reason}")
    return finding


def warn_moved(finding: Finding) -> None:
    """Warn that a verdict moved to or from inconclusive, with its interval and what was known."""
    effect = finding.effect
    interval = f"[{effect.low}, {effect.high}] {effect.unit}" if effect else "no interval"
    warnings.warn(
        f"{finding.id} at scale {finding.scale} is {finding.status} with {interval}; "
        f"expected {finding.expected} {finding.because}".rstrip(),
        VerdictMoved,
        stacklevel=2,
    )


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the report, and let Ctrl-C show in the exit code."""
    bench = session.config.stash.get(BENCH, None)
    if bench is None:
        return
    if bench.judged:
        findings = list(bench.judged.values())
        try:
            bench.page = conclude(bench.root, findings, publish=publishes(session.config))
        except KeyboardInterrupt:
            bench.unwritten = bench.campaign.stopped = INTERRUPTED
        except (OSError, StoreError, ReadmeError) as error:
            bench.unwritten = one_line(error)
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
    if bench.campaign.stopped == INTERRUPTED:
        session.exitstatus = pytest.ExitCode.INTERRUPTED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """The verdicts, the files of the store that were not trusted, and where the report is."""
    bench = config.stash.get(BENCH, None)
    if bench is None or config.option.collectonly:
        return
    for fault in bench.campaign.store.faults:
        terminalreporter.write_line(f"bnref: not trusted, skipped: {fault}", yellow=True)
    if not bench.judged:
        return
    terminalreporter.section("verdicts")
    for item in bench.judged.values():
        finding = item.finding
        terminalreporter.write_line(f"{finding.id:20} {finding.status:13} {result(finding)}")
    if bench.unwritten:
        terminalreporter.write_line(f"bnref: report not written: {bench.unwritten}", red=True)
    if bench.page is not None:
        aside = "" if bench.page.parent.name == "reports" else " (not published: not a whole run)"
        terminalreporter.write_line(f"report: {bench.page}{aside}")
