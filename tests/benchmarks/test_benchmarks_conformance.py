"""The conformance matrix as a user runs it: what is asked, measured once, kept, and what is red."""

import importlib.util
import shutil
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from bnref.conformance import checks
from bnref.evidence.checked import Basis, Checked, Museum, Mutant, Outcome, Shelf
from bnref.evidence.conformity import read
from bnref.execution.local import each
from bnref.execution.worker import call
from bnref.inspection.adapters import Adapter, adapters
from bnref.inspection.publish import document
from bnref.inspection.run import Asked, Run

REPOSITORY = Path(__file__).parents[2]
FILE = "benchmarks/test_conformance.py"
CHECK = "training_normalises_by_the_batch"
BASIS = Basis(kit="k" * 64, code="c" * 64, packages={"numpy": "2"}, device_model="Some CPU")
GOOD = Outcome(status="conforms", ulp=0.5, best_ulp=0.5)
BAD = Outcome(status="deviates", ulp=9.0, best_ulp=0.5, expected="1", found="2")


@pytest.fixture(scope="module")
def ours() -> ModuleType:
    """benchmarks/test_conformance.py as a module."""
    spec = importlib.util.spec_from_file_location("benchmarks_test_conformance", REPOSITORY / FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
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
    assert len(small) == len(set(small)) == len(adapters()) * len(checks())
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
    assert again.seconds < 10


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
    assert lines[0] == "bnref: 1 checks to run on 1 implementations"
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
    run.museum = Museum(basis=BASIS, seed=0, mutants=[alive], false_alarms=[], date="2026-01-02")
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


def test_a_job_that_kills_its_worker_is_told_and_the_others_are_done():
    told: dict[int, str] = {}
    each(call, [("builtins:str", "a"), ("os:abort",), ("builtins:str", "b")], 1, told.__setitem__)
    assert told[0] == "a"
    assert "died" in told[1]
    assert told[2] == "b"
