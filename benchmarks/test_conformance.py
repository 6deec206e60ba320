"""The conformance kit on our layers and on every framework that is installed: one test per property.

What the store lacks is measured before the first of these tests, in workers; a test only reads. With
--bn-publish the results are published without any claim being judged (`make frameworks`). Red is
one of our layers that has not a property, or has one that it declares to lack, and a bug of the museum
that no check sees. What a framework does otherwise is a result: an expected failure, and on the page.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from bnref.conformance import checks
from bnref.inspection.adapters import adapters
from bnref.inspection.plan import MUSEUM
from bnref.inspection.publish import publish, published, reason
from bnref.inspection.run import Asked, Run
from bnref.options import chosen_scale, chosen_store, chosen_workers
from bnref.plugin import publishes, said

SMOKE = "bnref_norms"
SMOKE_CHECKS = (
    "training_normalises_by_the_batch",
    "training_gradients_are_those_of_the_formula",
    "momentum_weighs_the_new_batch",
)


def matrix(scale: str) -> list[Asked]:
    """What is asked at a scale."""
    if scale == "smoke":
        return [Asked(adapters()[SMOKE], check) for check in SMOKE_CHECKS]
    known = adapters().values()
    return [Asked(adapter, check) for adapter in known for check in adapter.only or checks()]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "asked" in metafunc.fixturenames:
        lines = matrix(chosen_scale(metafunc.config))
        metafunc.parametrize("asked", lines, ids=[line.id for line in lines])


def selected(session: pytest.Session) -> tuple[list[Asked], bool]:
    """The checks that this run asks for, and whether it also looks at the museum and conventions."""
    items = [item for item in session.items if item.path.samefile(__file__)]
    specs = [getattr(item, "callspec", None) for item in items]
    museum = any(item.name == "test_every_bug_of_the_museum_dies" for item in items)
    asked = [spec.params["asked"] for spec in specs if spec]
    return asked, museum and chosen_scale(session.config) != "smoke"


@dataclass
class Inspected:
    """The run, once all that was selected has been measured."""

    run: Run
    scale: str


@pytest.fixture(scope="session")
def inspected(request: pytest.FixtureRequest) -> Iterator[Inspected]:
    config = request.config
    scale, run = chosen_scale(config), Run(chosen_store(config), chosen_workers(config))
    asked, everything = selected(request.session)
    before = published(config.rootpath)
    run.measure(asked, said(config), everything=everything, before=before)
    yield Inspected(run, scale)
    whole = scale == "small" and everything and set(asked) == set(matrix(scale))
    whole &= publishes(config) or bool(config.getoption("bn_publish"))
    page = publish(config.rootpath, run, asked, whole=whole)
    said(config)(f"conformance: {page}")


def test_conformance(asked: Asked, inspected: Inspected) -> None:
    adapter, run = asked.adapter, inspected.run
    if adapter.missing:
        pytest.skip(reason(run, adapter.id, adapter.missing))
    result = run.results.get(asked)
    if result is None:
        told = f"not measured: {run.failures.get(adapter.id, 'no result')}"
        pytest.fail(told, pytrace=False) if adapter.ours else pytest.skip(told)
    outcome = result.outcome
    if outcome.status == "not_applicable":
        pytest.skip(f"not applicable: {outcome.found}")
    if adapter.ours and not outcome.as_declared:
        told = outcome.found if outcome.fails else f"unexpected pass, declared: {outcome.declared}"
        pytest.fail(f"{told}\nexpected {outcome.expected}\n{outcome.reproduction}", pytrace=False)
    if outcome.fails:
        pytest.xfail(outcome.declared or f"{result.name} {result.version}: {outcome.found}")


def test_every_bug_of_the_museum_dies(inspected: Inspected) -> None:
    """By the checks that are meant for it; the layer without bugs survives all."""
    if inspected.scale == "smoke":
        pytest.skip("scale smoke: not every check is run")
    museum = inspected.run.museum
    failed = [why for name, why in inspected.run.failures.items() if name.startswith(MUSEUM)]
    assert museum is not None, failed
    alive = {m.id: sorted(set(m.meant_for) - set(m.killed_by)) for m in museum.mutants}
    seen_by_none = {name: checks for name, checks in alive.items() if checks}
    assert not seen_by_none, f"bugs that checks meant for them do not see: {seen_by_none}"
    assert not museum.false_alarms, f"the layer without bugs fails {museum.false_alarms}"
