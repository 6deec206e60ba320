"""Effects and controls of exact claims, on made-up errors."""

import math
import sys

import pytest

from bnref.evidence.claim import Arm, Row, Rows
from bnref.evidence.verdict import decide_exact
from reproductions.exact import HOLDS, agreement, as_printed, departure, refuted, tolerance


def rows(*metrics: dict[str, float]) -> Rows:
    arms = (Arm(str(index), {}) for index in range(len(metrics)))
    return Rows(tuple(Row(arm, m, {}, False) for arm, m in zip(arms, metrics, strict=True)))


def test_the_tolerance_is_that_of_a_sum():
    assert tolerance(terms=8) == 8 * 2.0**-52
    assert tolerance(terms=8, magnified=1e3) == 8e3 * 2.0**-52


def test_the_worst_arm_decides_and_an_error_beyond_the_tolerance_refutes():
    effect = agreement(1e-12, "law")
    holds, fails = {"law_error": 1e-14}, {"law_error": 1e-11}
    assert effect(rows(holds)) == pytest.approx(2)
    assert effect(rows(holds, fails)) == pytest.approx(-1)
    assert (
        decide_exact([effect(rows(holds))] * 11 + [effect(rows(fails))], HOLDS).outcome == "refuted"
    )
    assert effect(rows({"law_error": 0.0})) == math.log10(1e-12 / sys.float_info.epsilon)


def test_the_control_is_the_wrong_formula_that_errs_least():
    control = departure(1e-12, "a", "b")
    assert control(rows({"a_control": 1.0, "b_control": 1e-8})) == pytest.approx(4)
    assert control(rows({"a_control": 1.0, "b_control": 0.0})) == -math.inf


def test_a_printed_formula_is_judged_only_where_the_corrected_one_holds():
    effect = as_printed(1e-12, printed="wrong", corrected="right")
    assert effect(rows({"wrong_error": 1.0, "right_error": 1e-14})) == pytest.approx(-12)
    assert effect(rows({"wrong_error": 1e-13, "right_error": 1e-14})) == pytest.approx(1)
    with pytest.raises(ValueError, match="right_error is above the tolerance 1e-12, too"):
        effect(rows({"wrong_error": 1.0, "right_error": 1e-11}))


def test_printed_formulas_are_expected_to_fail_at_every_judged_scale():
    expected = refuted("A slip.")
    assert {scale: e.outcome for scale, e in expected.items()} == {
        "small": "refuted",
        "gpu": "refuted",
        "paper": "refuted",
    }
