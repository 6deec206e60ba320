"""The conformance matrix as a user runs it: what is asked, measured once, kept, and what is red."""

import shutil
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from bnref.conformance import checks
from bnref.evidence.checked import Basis, Checked, Mutant, Outcome, Shelf, Tried
from bnref.evidence.conformity import read
from bnref.execution.local import each
from bnref.execution.worker import call
from bnref.inspection.adapters import Adapter, adapters
from bnref.inspection.plan import MUSEUM, Plan
from bnref.inspection.publish import document
from bnref.inspection.run import Asked, Museum, Run
from bnref.inspection.worker import NO_BUG, bugs, museum_code, visit
from bnref.report.conformance import write

REPOSITORY = Path(__file__).parents[2]
FILE = "benchmarks/test_conformance.py"
CHECK = "training_normalises_by_the_batch"
BASIS = Basis(kit="k" * 64, code="c" * 64, packages={"numpy": "2"}, device_model="Some CPU")
GOOD = Outcome(status="conforms", ulp=0.5, best_ulp=0.5)
BAD = Outcome(status="deviates", ulp=9.0, best_ulp=0.5, expected="1", found="2")


@pytest.fixture(scope="module")
def ours(benchmark_file) -> ModuleType:
    """benchmarks/test_conformance.py as a module."""
    module: ModuleType = benchmark_file("test_conformance")
    return module


@pytest.fixture
def kit_bench(bench):
    """A project whose only tests are those of the kit, and one that says what the driver loaded."""
    for path in (bench.root / "benchmarks").iterdir():
        path.unlink()
    shutil.copy(REPOSITORY / FILE, bench.root / FILE)
    bench.write(
        "benchmarks/test_z.py",
        "import sys\n\ndef test_no_torch():\n    assert 'torch' not in sys.modules\n",
    )
    return bench


def test_every_adapter_with_every_check_and_three_at_smoke(ours):
    small = [asked.id for asked in ours.matrix("small")]
    few = [adapter for adapter in adapters().values() if adapter.only]
    every = (len(adapters()) - len(few)) * len(checks())
    assert len(small) == len(set(small)) == every + sum(len(adapter.only) for adapter in few)
    assert {check for adapter in few for check in adapter.only} <= set(checks())
    assert f"torch_nn-{CHECK}" in small
    assert {"numpy_plain", "bnref_norms", "torch_nn", "torch_compiled_traced"} <= set(adapters())
    smoke = ours.matrix("smoke")
    assert [asked.adapter.ours for asked in smoke] == [True] * 3
    assert {asked.check for asked in smoke} <= set(checks())


def test_adapters_know_what_they_import_without_importing_it():
    found = adapters()
    assert found["numpy_plain"].packages == ("numpy",)
    assert found["torch_nn"].packages == ("numpy", "torch")
    assert {"keras", "torch"} <= set(found["keras_torch"].packages)
    assert {"flax", "jax"} <= set(found["flax_linen"].packages)
    assert found["torch_nn"].versions.keys() >= {"numpy", "torch"}
    assert found["torch_nn"].code != found["torch_autocast"].code
    assert Adapter("x", "y:z", ("no_such_package",)).missing == ("no_such_package",)


def test_a_run_measures_once_and_shows_a_page(kit_bench):
    some = ("-k", "numpy_plain-training or test_no_torch")
    first = kit_bench.run(*some)
    assert first.code == 0, first.text
    count = sum(name.startswith("training") for name in checks())
    assert len(first.lines(f"bnref: {count} checks to run on 1 implementations")) == 1
    assert first.lines(f"{count + 1} passed")
    page = kit_bench.root / ".bnref" / "report" / "conformance.html"
    assert first.lines(f"conformance: {page}")
    told = read(page.with_suffix(".json"))
    assert told is not None
    assert [len(one.properties) for one in told.implementations] == [count]
    assert not (kit_bench.root / "reports").exists()

    again = kit_bench.run(*some)
    assert again.code == 0, again.text
    assert not again.lines("checks to run")


def test_what_is_done_before_ctrl_c_stands_and_a_tampered_result_is_measured_again(tmp_path):
    known = adapters()
    asked = [Asked(known[name], CHECK) for name in ("numpy_plain", "torch_nn")]

    def interrupt(line: str) -> None:
        if "[1/2]" in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Run(tmp_path, workers=1).measure(asked, interrupt)
    lines: list[str] = []
    again = Run(tmp_path, workers=1)
    again.measure(asked[:1], lines.append)
    assert lines == []
    result = again.results[asked[0]]
    assert (result.name, result.outcome.status) == ("plain NumPy", "conforms")

    path = again.shelf.path(result.key)
    path.write_text(path.read_text().replace('"conforms"', '"deviates"'))
    third = Run(tmp_path, workers=1)
    third.measure(asked[:1], lines.append)
    assert lines[0] == "bnref: 1 checks to run on 1 implementations, 1 worker"
    assert len(third.shelf.faults) == 1
    assert third.results[asked[0]].outcome == result.outcome


def made_up(adapter: Adapter, outcome: Outcome) -> Checked:
    return Checked(
        adapter=adapter.id,
        check=CHECK,
        seed=0,
        basis=BASIS,
        name=adapter.id,
        version="1",
        outcome=outcome,
        seconds=0.1,
        date="2026-01-02",
    )


@pytest.mark.parametrize(
    ("name", "outcome", "ends"),
    [
        ("bnref_norms", GOOD, None),
        ("bnref_norms", BAD, pytest.fail.Exception),
        ("bnref_norms", msgspec.structs.replace(BAD, declared="so it is"), pytest.xfail.Exception),
        ("bnref_norms", msgspec.structs.replace(GOOD, declared="so it is"), pytest.fail.Exception),
        ("bnref_norms", None, pytest.fail.Exception),
        ("torch_nn", GOOD, None),
        ("torch_nn", BAD, pytest.xfail.Exception),
        ("torch_nn", msgspec.structs.replace(GOOD, declared="so it is"), None),
        ("torch_nn", msgspec.structs.replace(GOOD, status="broken"), pytest.xfail.Exception),
        ("torch_nn", msgspec.structs.replace(GOOD, status="not_applicable"), pytest.skip.Exception),
        ("torch_nn", None, pytest.skip.Exception),
    ],
)
def test_only_our_layers_are_ever_red(ours, tmp_path, name, outcome, ends):
    asked = Asked(adapters()[name], CHECK)
    run = Run(tmp_path, workers=1)
    if outcome is not None:
        run.results[asked] = made_up(asked.adapter, outcome)
    inspected = ours.Inspected(run, "small")
    if ends is None:
        ours.test_conformance(asked, inspected)
    else:
        with pytest.raises(ends):
            ours.test_conformance(asked, inspected)


def test_what_is_not_installed_is_skipped_with_the_reason(ours, tmp_path):
    asked = Asked(Adapter("alien", "alien:ADAPTER", ("no_such_package",)), CHECK)
    with pytest.raises(pytest.skip.Exception, match="no_such_package not installed here"):
        ours.test_conformance(asked, ours.Inspected(Run(tmp_path, workers=1), "small"))


def test_a_bug_that_lives_is_red(ours, tmp_path):
    run = Run(tmp_path, workers=1)
    alive = Mutant(id="zeros", links=[], meant_for=["a", "b"], killed_by=["a"])
    run.museum = Museum(mutants=[alive], false_alarms=[])
    with pytest.raises(AssertionError, match="zeros"):
        ours.test_every_bug_of_the_museum_dies(ours.Inspected(run, "small"))


def test_the_shelf_keeps_the_first(tmp_path):
    shelf = Shelf(tmp_path, Checked)
    first = made_up(adapters()["torch_nn"], GOOD)
    shelf.put(first)
    shelf.put(msgspec.structs.replace(first, outcome=BAD))
    found = shelf.get(first.key)
    assert found is not None
    assert found.outcome == GOOD


def test_what_cannot_run_here_keeps_what_is_published_of_it(tmp_path):
    known = adapters()
    there = Run(tmp_path, workers=1)
    there.results = {Asked(known[n], CHECK): made_up(known[n], GOOD) for n in ("torch_nn", "mlx")}
    before = document(there, list(there.results), None)
    assert [one.id for one in before.implementations] == ["mlx", "torch_nn"]
    here = Run(tmp_path, workers=1)
    asked = Asked(known["torch_nn"], CHECK)
    here.results = {asked: made_up(known["torch_nn"], BAD)}
    after = document(here, [asked], before)
    assert after.implementations[0] == before.implementations[0]
    assert after.implementations[1].properties[CHECK] == BAD


def test_what_was_not_run_through_all_that_was_asked_keeps_what_is_published(tmp_path):
    known = adapters()["torch_nn"]
    run = Run(tmp_path, workers=1)
    other = "evaluation_normalises_by_the_running_statistics"
    run.results = {
        Asked(known, CHECK): made_up(known, GOOD),
        Asked(known, other): msgspec.structs.replace(made_up(known, GOOD), check=other),
    }
    before = document(run, list(run.results), None)
    asked = list(run.results)
    del run.results[asked[1]]
    assert document(run, asked, before).implementations == before.implementations
    assert document(run, asked[:1], before).implementations[0].properties.keys() == {CHECK}


def test_a_visit_of_the_museum_goes_on_where_it_was_stopped(tmp_path):
    run = Run(tmp_path, workers=2)
    assert run.plan([], None, everything=True).bugs == bugs()
    assert run.museum is None
    first, *_ = set(bugs()) - {NO_BUG}
    assert visit((NO_BUG, first), run._museum, tmp_path) == ""
    assert set(run.plan([], None, everything=True).bugs) == set(bugs()) - {NO_BUG, first}
    nothing = Mutant(id="", links=[], meant_for=[], killed_by=[])
    for name in set(bugs()) - {NO_BUG, first}:
        made = msgspec.structs.replace(nothing, id=name)
        run.tried.put(Tried(basis=run._museum, seed=0, mutant=made, seconds=1.0, date="2026-01-02"))
    assert run.plan([], None, everything=True).jobs == []
    museum = run.museum
    assert isinstance(museum, Museum)
    assert [mutant.id for mutant in museum.mutants] == bugs()[1:]
    assert museum.false_alarms == []
    alive = next(mutant for mutant in museum.mutants if mutant.id == first)
    assert set(alive.meant_for) <= set(alive.killed_by) != set()
    assert len(museum_code()) == 64


def test_a_plan_foretells_and_begins_with_the_longest(tmp_path):
    known = adapters()
    there = Run(tmp_path, workers=2)
    slow = msgspec.structs.replace(made_up(known["torch_nn"], GOOD), seconds=90.0)
    asked = [Asked(known[name], CHECK) for name in ("numpy_plain", "torch_nn")]
    there.results = dict(zip(asked, (made_up(known["numpy_plain"], GOOD), slow), strict=True))
    there.museum = Museum(mutants=[Mutant(id="zeros", links=[], meant_for=[], killed_by=[])] * 10,
                          false_alarms=[], seconds=100.0)  # fmt: skip
    before = document(there, asked, None)
    checks = {one.adapter: [CHECK] for one in asked}
    plan = Plan(checks, [], ["a", "b", "c"], before, workers=2)
    assert [job.name for job in plan.jobs][:2] == ["torch_nn", f"{MUSEUM} 1 of 3"]
    assert plan.forecast() == (
        "bnref: 2 checks to run on 2 implementations, 3 layers of the museum, about 1.5 min, 2 workers"
    )
    unknown = Plan(checks | {known["mlx"]: [CHECK]}, [], [], before, workers=1)
    assert unknown.jobs[0].name == "mlx"
    assert "min" not in unknown.forecast()
    assert unknown.forecast().endswith("3 implementations, 1 worker")


def test_collecting_foretells_the_work_of_the_kit(kit_bench):
    shutil.copy(REPOSITORY / "benchmarks" / "conftest.py", kit_bench.root / "benchmarks")
    ran = kit_bench.run("--collect-only", "-k", f"numpy_plain-{CHECK} or museum")
    assert ran.code == 0, ran.text
    told = f"bnref: 1 checks to run on 1 implementations, {len(bugs())} layers of the museum"
    assert len(ran.lines(told)) == 1, ran.text
    assert not (kit_bench.root / ".bnref").exists()


@pytest.mark.slow
def test_the_whole_kit_is_published_where_that_is_asked_for(kit_bench, tmp_path):
    """On a kit of one implementation, with a museum that was visited before."""
    text = (REPOSITORY / FILE).read_text()
    kit_bench.write(FILE, text.replace("adapters().values()", "[adapters()['numpy_plain']]"))
    run = Run(kit_bench.root / ".bnref" / "store", workers=1)
    for name in bugs():
        made = Mutant(id=name, links=[], meant_for=[], killed_by=[])
        run.tried.put(Tried(basis=run._museum, seed=0, mutant=made, seconds=1.0, date="2026-01-02"))
    mlx = adapters()["mlx"]
    run.results = {Asked(mlx, CHECK): made_up(mlx, BAD)}
    reports = kit_bench.root / "reports"
    write(reports, document(run, list(run.results), None))
    before = read(reports / "conformance.json")

    for arguments in ((), ("--bn-publish", "-k", CHECK), ("--bn-publish", "--bn-scale", "smoke")):
        ran = kit_bench.run(*arguments)
        assert ran.code == 0, ran.text
        assert read(reports / "conformance.json") == before
    ran = kit_bench.run("--bn-publish")
    assert ran.code == 0, ran.text
    assert ran.lines(f"conformance: {reports / 'conformance.html'}")
    after = read(reports / "conformance.json")
    assert before is not None
    assert after is not None
    assert [one.id for one in after.implementations] == ["numpy_plain", "mlx"]
    assert len(after.implementations[0].properties) == len(checks())
    assert after.implementations[1] == before.implementations[0]
    assert [row["id"] for row in after.conventions] == ["numpy_plain"]
    assert (reports / "conformance.md").read_text().count("kkkkkkkk, another kit") == 1


def test_a_job_that_kills_its_worker_is_told_and_the_others_are_done():
    told: dict[int, str] = {}
    each(call, [("builtins:str", "a"), ("os:abort",), ("builtins:str", "b")], 1, told.__setitem__)
    assert told[0] == "a"
    assert "died" in told[1]
    assert told[2] == "b"
