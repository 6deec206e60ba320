"""The kit on layers that are right, on such that are faulty, and on adapters that misbehave."""

import dataclasses
import json
import math
import re
import subprocess
import sys

import faulty
import numpy as np
import pytest

from bnref.conformance import apart, checks, load, numerics, run, script
from bnref.conformance.adapters import bnref_norms, bnref_samples, numpy_plain, torch_nn
from bnref.conformance.catalogue import CATALOGUE
from bnref.conformance.checks import forward
from bnref.conformance.floats import rounded
from bnref.conformance.implementation import METHODS, NotAnImplementation
from bnref.conformance.museum import mutants
from bnref.conformance.numerics import rounded_sum
from bnref.inspection import alarms
from bnref.inspection.adapters import adapters

CLEAN = {a.name: a for a in (numpy_plain.ADAPTER, torch_nn.ADAPTER, bnref_norms.ADAPTER)}
FORWARD = "training_normalises_by_the_batch"
BACKWARD = "training_gradients_are_those_of_the_formula"
EVALUATION = "evaluation_normalises_by_the_running_statistics"


@pytest.mark.filterwarnings("ignore:The .grad attribute:UserWarning")  # torch.compile looks at it
@pytest.mark.parametrize("name", CLEAN)
def test_clean_layers_conform(name):
    report = run(CLEAN[name])
    assert report.code == 0, report.text()
    assert sum(result.seconds for result in report.results) < 20


@pytest.mark.nightly
@pytest.mark.timeout(1800)
def test_no_false_alarm_over_two_hundred_seeds(tmp_path):
    """`python -m bnref.inspection.alarms` does the same with a store, and goes on where it stopped."""
    alarms.measure(tmp_path, range(alarms.SEEDS))
    for layer, found in alarms.counted(tmp_path, range(alarms.SEEDS)).items():
        assert (found.seeds, found.alarms) == (alarms.SEEDS, {}), layer


def test_false_alarms_are_counted_seed_by_seed_and_not_measured_twice(tmp_path, monkeypatch):
    monkeypatch.setattr(alarms, "CLEAN", ("numpy_plain",))
    lines = []
    alarms.measure(tmp_path, range(2), lines.append)
    alarms.measure(tmp_path, range(3), lines.append)
    assert lines == ["numpy_plain, seeds 0 to 1: done", "numpy_plain, seeds 2 to 2: done"]
    found = alarms.counted(tmp_path, range(4))["numpy_plain"]
    assert (found.seeds, found.alarms) == (3, {})


def test_a_false_alarm_is_kept_with_its_check(tmp_path, monkeypatch):
    monkeypatch.setattr(alarms, "CLEAN", ("numpy_plain",))
    adapter = adapters()["numpy_plain"]
    check = "running_variance_is_of_the_declared_kind"
    monkeypatch.setattr(alarms, "load", lambda target: faulty.BIASED)
    alarms.judge(adapter.id, adapter.target, [7], alarms._basis(adapter), tmp_path)
    found = alarms.counted(tmp_path, [7])["numpy_plain"]
    assert check in found.alarms["7"]


def test_the_checks_of_the_package_are_the_function_whatever_is_imported_first():
    for first in ("bnref.conformance.checks.forward", "bnref.conformance.check", "bnref.oracle"):
        code = f"import {first}\nfrom bnref.conformance import checks\nassert checks()"
        subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_large_inputs_are_written_out_only_where_a_finding_is_told(monkeypatch):
    written = []
    plain = script._written
    monkeypatch.setattr(script, "_written", lambda v: written.append(np.size(v)) or plain(v))
    assert run(numpy_plain.ADAPTER, names=["sizes_have_no_limit"]).code == 0
    assert max(written) <= 8
    check = "running_variance_is_of_the_declared_kind"
    assert "draw(" in run(faulty.BIASED, names=[check])[check].reproduction


def test_a_layer_of_samples_meets_its_own_checks_and_no_batch_norm():
    report = run(bnref_samples.GROUP)
    assert report.code == 0, report.text()
    assert report["samples_are_normalised_by_their_own_statistics"].status == "conforms"
    assert report[FORWARD].status == "not_applicable"
    assert (
        run(numpy_plain.ADAPTER)["the_rest_of_the_batch_does_not_matter"].status == "not_applicable"
    )
    assert run(dataclasses.replace(bnref_norms.ADAPTER, pools="group")).code == 1


def test_the_bound_of_a_gradient_follows_its_sum_and_not_the_sizes_of_its_terms(monkeypatch):
    """By the terms' magnitudes, as n roundings of one direction would allow, this bug is not seen."""
    check = "half_precision_gradients_sum_in_a_wider_type"
    mutant = mutants()["weight_gradient_sums_in_half"].implementation
    result = run(mutant, 0, [check])[check]
    assert result.status == "deviates"
    assert result.what.startswith("dweight")
    monkeypatch.setattr(numerics, "rounded_sum", lambda _, t: np.abs(t).sum(numerics.space(t)))
    assert run(mutant, 0, [check])[check].status == "conforms"


class ForgetsTheTail(numpy_plain.Layer):
    """What lies beyond the 300th sample is not written."""

    def train(self, x):
        y = super().train(x)
        y[300:] = 0
        return y


def test_the_check_of_two_to_the_31_elements_is_right_at_a_size_that_can_be_run(monkeypatch):
    check = "more_than_two_to_the_31_elements_are_all_counted"
    small = run(numpy_plain.ADAPTER, names=[check])[check]
    assert small.status == "not_applicable"
    assert "48 GiB" in small.found
    assert forward.ALIKE * 65537 > 2**31
    monkeypatch.setattr(forward, "ALIKE", 401)
    large = dataclasses.replace(numpy_plain.ADAPTER, memory=48.0)
    assert run(large, names=[check])[check].status == "conforms"
    result = run(dataclasses.replace(large, make=ForgetsTheTail), names=[check])[check]
    assert result.status == "deviates"
    assert "at sample 256 or after" in result.found


@pytest.mark.parametrize("size", [8, 15, 1000])
def test_the_size_of_a_sum_is_that_of_the_sum_and_of_independent_roundings(size):
    terms = np.where(np.arange(size) % 2, 1.0, -1.0)[None, None, :]
    found = rounded_sum(terms.sum((0, 2)), terms)
    assert found == pytest.approx(size % 2 + np.sqrt(size))


def test_values_set_apart_are_the_same_and_out_of_reach_of_32_bits():
    x = np.arange(12, dtype="float32").reshape(3, 2, 2)
    far = apart(x)
    assert np.array_equal(far, x)
    assert 2 * far.strides[0] // far.itemsize > 2**31


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
