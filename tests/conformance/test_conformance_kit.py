"""The kit on layers that are right, on such that are faulty, and on adapters that misbehave."""

import dataclasses
import json
import math
import re

import faulty
import numpy as np
import pytest

from bnref.conformance import checks, load, run
from bnref.conformance.adapters import bnref_norms, numpy_plain, torch_nn
from bnref.conformance.catalogue import CATALOGUE
from bnref.conformance.floats import rounded
from bnref.conformance.implementation import METHODS, NotAnImplementation

CLEAN = {a.name: a for a in (numpy_plain.ADAPTER, torch_nn.ADAPTER, bnref_norms.ADAPTER)}
FORWARD = "training_normalises_by_the_batch"
BACKWARD = "training_gradients_are_those_of_the_formula"
EVALUATION = "evaluation_normalises_by_the_running_statistics"


@pytest.mark.parametrize("name", CLEAN)
def test_clean_layers_conform(name):
    report = run(CLEAN[name])
    assert report.code == 0, report.text()
    assert sum(result.seconds for result in report.results) < 20


@pytest.mark.nightly
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", CLEAN)
def test_no_false_alarm_over_two_hundred_seeds(name):
    for seed in range(200):
        report = run(CLEAN[name], seed)
        assert report.code == 0, f"seed {seed}\n{report.text()}"


def test_every_check_says_what_it_is_for():
    for name, check in checks().items():
        assert set(check.catalogue) <= set(CATALOGUE), name
        assert check.catalogue, f"{name}: expected an entry of the catalogue"
        assert check.links, f"{name}: expected the threads of the bug"
        assert all(
            re.fullmatch(r"https://github.com/[\w./-]+/(issues|pull)/\d+", link)
            for link in check.links
        ), name
        assert check.sentence[0].isupper() or check.sentence[0].islower(), name
        assert set(check.needs) <= set(METHODS), name


def test_every_entry_of_the_catalogue_has_a_check():
    asked = {entry for check in checks().values() for entry in check.catalogue}
    assert set(CATALOGUE) == asked


@pytest.mark.parametrize(
    ("implementation", "check", "found"),
    [
        ("RAISES", BACKWARD, "backward raised RuntimeError: no backward today"),
        ("EXITS", BACKWARD, "sys.exit(3)"),
        ("WRONG_SHAPE", FORWARD, "y has shape"),
        ("WRONG_DTYPE", FORWARD, "y is float16"),
        ("NO_ARRAY", FORWARD, "y is a list"),
        ("NO_STATE", "running_statistics_follow_the_batches", "state returned a NoneType"),
        ("POISONED", FORWARD, "y is NaN at 1 of"),
        ("UNMAKEABLE", FORWARD, "make raised ValueError"),
    ],
)
def test_an_adapter_that_misbehaves_is_a_named_finding(implementation, check, found):
    report = run(getattr(faulty, implementation), names=[check, EVALUATION])
    assert report[check].status == "broken"
    assert found in report[check].found
    assert report[check].expected
    if implementation != "UNMAKEABLE":
        assert report[EVALUATION].status == "conforms", "expected the rest of the kit to run"


def test_a_hang_is_a_named_finding():
    report = run(faulty.HANGS, names=[BACKWARD, EVALUATION], seconds=0.5)
    assert report[BACKWARD].status == "broken"
    assert "it hangs" in report[BACKWARD].found
    assert report[EVALUATION].status == "conforms"


def test_what_a_layer_lacks_is_not_applicable_and_says_so():
    report = run(faulty.INFERENCE)
    assert report[FORWARD].status == "not_applicable"
    assert "train(x)" in report[FORWARD].found
    assert report[EVALUATION].status == "conforms"
    assert {r.status for r in report.results} <= {"conforms", "not_applicable"}


def test_a_deviation_tells_the_error_beside_the_best_and_how_to_see_it(capsys):
    check = "a_large_mean_costs_no_more_than_its_size"
    result = run(faulty.ONE_PASS, names=[check])[check]
    assert result.status == "deviates"
    assert "C16" in result.catalogue
    assert result.ulp > 10 * result.tolerance_ulp
    assert result.best_ulp < result.tolerance_ulp
    exec(result.reproduction.replace("{adapter}", "faulty:ONE_PASS"), {})
    assert capsys.readouterr().out


def test_running_variance_of_the_other_kind_is_told_by_name():
    check = "running_variance_is_of_the_declared_kind"
    result = run(faulty.BIASED, names=[check])[check]
    assert result.status == "deviates"
    assert "unbiased" in result.found


def test_a_declared_deviation_must_fail():
    check = "running_variance_is_of_the_declared_kind"
    declared = dataclasses.replace(faulty.BIASED, deviates={check: "on purpose"})
    assert run(declared, names=[check]).code == 0
    wrongly = dataclasses.replace(numpy_plain.ADAPTER, deviates={check: "on purpose"})
    report = run(wrongly, names=[check])
    assert report.code == 1
    assert "was declared to fail, and passes: on purpose" in report.text()


def test_a_deviation_from_no_check_is_refused():
    wrongly = dataclasses.replace(numpy_plain.ADAPTER, deviates={"no_such": "x"})
    with pytest.raises(NotAnImplementation, match="no such check"):
        run(wrongly)


def test_a_report_is_json_without_infinities():
    report = run(faulty.BIASED, names=["running_variance_is_of_the_declared_kind", FORWARD])
    document = json.loads(report.json())
    assert document["code"] == 1
    assert document["results"][0]["excess"] is None
    assert math.isfinite(document["results"][1]["ulp"])


def test_a_check_depends_on_the_seed_and_not_on_the_others():
    alone = run(numpy_plain.ADAPTER, 3, [FORWARD])[FORWARD]
    among = run(numpy_plain.ADAPTER, 3, [EVALUATION, FORWARD])[FORWARD]
    assert (alone.expected, alone.ulp) == (among.expected, among.ulp)
    assert run(numpy_plain.ADAPTER, 4, [FORWARD])[FORWARD].expected != alone.expected


@pytest.mark.parametrize("name", ["faulty", "faulty:NOTHING", "faulty:ABSENT", "no_such:ADAPTER"])
def test_what_is_no_implementation_is_refused_in_one_line(name):
    with pytest.raises(NotAnImplementation) as caught:
        load(name)
    assert "\n" not in str(caught.value)


def test_bfloat16_rounding_is_torchs():
    torch = pytest.importorskip("torch")
    values = np.random.default_rng(0).standard_normal(1000).astype(np.float32) * 100
    expected = torch.from_numpy(values).bfloat16().float().numpy()
    assert np.array_equal(rounded(values, "bfloat16"), expected)
