"""Claims judged on made-up records: every status, the user's layer, Holm's families."""

import math
import re

import msgspec
import pytest

from bnref.evidence.cell import identity
from bnref.evidence.claim import (
    Claim,
    Expectation,
    Paper,
    Reported,
    Setting,
    Substitution,
    grid,
)
from bnref.evidence.finding import NEVER_JUDGED, surprise, waiting
from bnref.evidence.judging import judge, judge_all
from bnref.evidence.question import Question
from bnref.evidence.verdict import above, holm, within

PAPER = Paper(cite_key="wu_2018", title="A title", authors="A B", year=2018, venue="ECCV")
OTHER = Paper(cite_key="other_2020", title="Other", authors="C D", year=2020, venue="ICML")
ARMS = grid(norm=("batch_norm", "group_norm"))
MINE = "my_layers.fast:mine"


def effect(rows):
    return rows.without(norm=("group_norm",))[0]["y"] - rows.one(norm="group_norm")["y"]


def a_claim(id="WU-1", *, seeds=12, arms=ARMS, scales=("small", "smoke"), **more) -> Claim:
    setting = Setting(experiment="lab.thing", arms=arms, seeds=seeds)
    values = {
        "id": id,
        "locator": "page 1",
        "statement": "It holds.",
        "settings": dict.fromkeys(scales, setting),
        "effect": effect,
        "region": above(1),
        "unit": "nats",
        "substitution": Substitution(better="higher", margin=0.5),
    }
    return Claim(**(values | more))


@pytest.fixture
def measured(make_record):
    """Look-ups: `y` of batch norm (or the layer in its place) by seed; group norm is 0."""

    def make(of_seed=lambda seed: 2.0, mine=lambda seed: 2.0, *, missing=(), torch=None, **more):
        def lookup(cell):
            if (cell.arm["norm"], cell.seed) in missing:
                return None
            values = {"batch_norm": of_seed, "group_norm": lambda seed: 0.0}
            y = float(values.get(cell.arm["norm"], mine)(cell.seed))
            release = (torch or {}).get(cell.seed, "2.13.0")
            return make_record(cell, torch=release, metrics={"y": y, "control": 7.0}, **more)

        return lookup

    return make


def ask(claim: Claim, **more) -> Question:
    values = {"paper": PAPER, "claim": claim, "scale": "small", "device": "cpu"}
    return Question(**(values | more))


def few(losses: int, wins=2.0, lost=0.0):
    """Effects by seed: the first seeds lose."""
    return lambda seed: lost if seed < 100 + losses else wins


@pytest.mark.parametrize(
    ("losses", "status"),
    [(2, "supported"), (3, "inconclusive"), (9, "inconclusive"), (10, "refuted")],
)
def test_a_verdict_follows_from_the_seeds(measured, losses, status):
    finding = judge(ask(a_claim()), measured(few(losses)), {})
    assert finding.status == status, f"expected {status} with {losses} losses of 12"
    assert (finding.n_seeds, finding.seeds_for, finding.seeds_against) == (12, 12 - losses, losses)
    assert finding.reason == "", "a verdict needs no reason"
    assert finding.registered, "the claim's own seeds and norms"
    assert len(finding.cells) == 24, "expected the key of every record"
    assert [seed for seed, _, _ in finding.effects] == list(range(100, 112))
    assert (finding.effect.unit, finding.effect.level) == ("nats", 0.95)
    assert (finding.region.lo, finding.region.hi) == (1.0, None), "an unbounded end is null"
    assert finding.environment["torch"] == "2.13.0", "the records' environment, not this machine's"


def test_a_finding_says_where_it_is_from(measured):
    reported = (Reported(metric="gap", value=11.1, source="table 2"),)
    finding = judge(ask(a_claim(reported=reported, version=3)), measured(), {})
    assert finding.paper == "A B (2018). A title. ECCV"
    assert (finding.id, finding.cite_key, finding.version) == ("WU-1", "wu_2018", 3)
    assert [(r.metric, r.value, r.source) for r in finding.reported] == [("gap", 11.1, "table 2")]
    keys = set(msgspec.to_builtins(finding))
    empty = judge(ask(a_claim(scales=("gpu",))), measured(), {})
    assert set(msgspec.to_builtins(empty)) == keys, "every finding has every key"


def test_unbounded_ends_are_null(measured):
    claim = a_claim(effect=lambda rows: (effect(rows), math.inf), region=within(-1, 3))
    finding = judge(ask(claim), measured(), {})
    assert (finding.effect.low, finding.effect.high) == (2.0, None)
    assert finding.effects[0] == (100, 2.0, None)
    assert finding.status == "inconclusive"


def test_no_setting_at_this_scale(measured):
    finding = judge(ask(a_claim(scales=("paper",))), measured(), {})
    assert (finding.status, finding.reason) == ("not_attempted", "no setting at scale small")
    assert finding.cells == []
    assert finding.environment == {}
    assert waiting(finding), "nothing is wrong with it"


def test_a_claim_that_is_not_attempted_is_found_with_its_reason(measured):
    claim = Claim(
        id="WU-9", locator="page 9", statement="It holds.", not_attempted="needs a cluster"
    )
    question = ask(claim, family=1)
    finding = judge_all([question], measured(), {})[0]
    assert (finding.status, finding.reason) == ("not_attempted", "needs a cluster")
    assert question.cells() == ()
    assert (finding.p_holm, finding.confirmed, finding.effect) == (None, False, None)
    assert (finding.region.lo, finding.region.hi) == (None, None)
    assert waiting(finding), "nothing is wrong with it"


@pytest.mark.parametrize(("losses", "needed"), [(2, None), (3, 30), (4, 72), (6, None), (9, 30)])
def test_an_inconclusive_finding_says_how_many_seeds_would_decide(measured, losses, needed):
    assert judge(ask(a_claim()), measured(few(losses)), {}).seeds_to_decide == needed


def test_missing_and_failed_cells(measured):
    question = ask(a_claim(seeds=80, arms=ARMS))
    gone = {("batch_norm", 100), ("group_norm", 100), ("batch_norm", 103), ("group_norm", 111)}
    lost = next(p.cell for p in question.cells() if p.cell.seed == 103)
    failures = {identity(lost): "worker died"}
    finding = judge(question, measured(missing=gone), failures)
    assert finding.status == "incomplete", "never judged on the seeds that happen to be there"
    assert finding.reason == ("3 of 160 cells missing, 1 failed: batch_norm seed 103: worker died")
    assert finding.effect is None
    assert finding.n_seeds == 0
    assert not waiting(finding), "a failure is not a wait"
    left_out = judge(question, measured(missing=gone), {})
    assert left_out.reason == "4 of 160 cells missing"
    assert waiting(left_out), "cells that were left out are a wait"
    failed = judge(question, measured(missing={("batch_norm", 103)}), failures)
    assert failed.reason == "1 failed: batch_norm seed 103: worker died"


def test_many_failures_are_counted_and_three_are_told(measured):
    question = ask(a_claim())
    gone = {("batch_norm", seed) for seed in range(100, 105)}
    failures = {identity(p.cell): "boom" for p in question.cells()}
    finding = judge(question, measured(missing=gone), failures)
    assert finding.reason.startswith("5 failed: batch_norm seed 100: boom; ")
    assert finding.reason.count("boom") == 3


def test_a_failure_of_a_cell_that_has_a_record_is_history(measured):
    question = ask(a_claim())
    failures = {identity(planned.cell): "boom" for planned in question.cells()}
    assert judge(question, measured(), failures).status == "supported"


def test_an_effect_that_breaks_names_the_claim_and_the_seed(measured):
    def raising(rows):
        return rows.rows[0]["no_such"]

    def broken_later(rows):
        return math.nan if effect(rows) == 0 else 1.0

    for function, reason in (
        (raising, "WU-1 effect, seed 100: KeyError: 'no_such'"),
        (lambda rows: 1 / 0, "WU-1 effect, seed 100: ZeroDivisionError: .*division.* zero"),
        (broken_later, "WU-1 effect, seed 100: ValueError: an effect is NaN.*"),
        (lambda rows: (2.0, 1.0), "WU-1 effect, seed 100: ValueError: .*upside down.*"),
        (lambda rows: None, "WU-1 effect, seed 100: TypeError: .*"),
    ):
        finding = judge(ask(a_claim(effect=function)), measured(few(1)), {})
        assert finding.status == "incomplete", "a bug is not a result"
        assert re.fullmatch(reason, finding.reason), f"expected {reason}, found {finding.reason}"
        assert not waiting(finding), "a bug is red"


def an_exact_claim(**more) -> Claim:
    values = {"kind": "exact", "control": lambda rows: rows.rows[0]["control"]}
    return a_claim(**(values | more))


def test_an_exact_claim_needs_every_seed(measured):
    held = judge(ask(an_exact_claim()), measured(), {})
    assert (held.status, held.effect.level, held.p_supported) == ("supported", 1.0, None)
    failed = judge(ask(an_exact_claim()), measured(few(1)), {})
    assert failed.status == "refuted", "one failure refutes"
    assert (failed.seeds_for, failed.seeds_against) == (11, 1)


def test_a_negative_control_must_bite(measured):
    weak = judge(ask(an_exact_claim(control=lambda rows: 2.9)), measured(), {})
    assert weak.status == "incomplete"
    assert weak.reason == (
        "the negative control of seed 100 errs by 10^2.9 tolerances, it must by 10^3: "
        "the check does not bite"
    )
    assert (
        judge(ask(an_exact_claim(control=lambda rows: 3.0)), measured(), {}).status == "supported"
    )
    broken = judge(ask(an_exact_claim(control=lambda rows: math.nan)), measured(), {})
    assert broken.reason.startswith("WU-1 control, seed 100: ValueError: an effect is NaN")


def test_records_of_two_torch_versions_are_not_paired(measured):
    finding = judge(ask(a_claim()), measured(torch={105: "2.14.0"}), {})
    assert finding.status == "incomplete"
    assert finding.reason == (
        "records of torch 2.13.0 on Some CPU and torch 2.14.0 on Some CPU cannot be paired"
    )
    assert not waiting(finding)


def test_records_of_two_devices_are_not_paired(measured, make_record):
    def lookup(cell):
        model = "Other CPU" if cell.seed == 101 else "Some CPU"
        return make_record(cell, model=model, metrics={"y": 1.0})

    reason = judge(ask(a_claim()), lookup, {}).reason
    assert reason == (
        "records of torch 2.13.0 on Other CPU and torch 2.13.0 on Some CPU cannot be paired"
    )


def test_smoke_is_never_judged_but_runs_the_effect(measured):
    finding = judge(ask(a_claim(), scale="smoke"), measured(), {})
    assert (finding.status, finding.reason) == ("incomplete", NEVER_JUDGED)
    assert waiting(finding)
    broken = judge(ask(a_claim(effect=lambda rows: 1 / 0), scale="smoke"), measured(), {})
    assert "ZeroDivisionError" in broken.reason, "smoke is there to find this"
    assert not waiting(broken)


def compare(measured, mine, *, base=lambda seed: 2.0, better="higher", margin=0.5, **more):
    claim = a_claim(substitution=Substitution(better=better, margin=margin), **more)
    finding = judge(ask(claim, norm=MINE), measured(base, mine), {})
    return finding, finding.versus_reference


@pytest.mark.parametrize(
    ("difference", "better", "answer"),
    [
        (0.0, "higher", "yes"),
        (-0.5, "higher", "yes"),  # the margin itself is no worse: regions are closed
        (-0.75, "higher", "no"),
        (3.0, "higher", "yes"),
        (0.5, "lower", "yes"),
        (0.75, "lower", "no"),
        (-3.0, "lower", "yes"),
    ],
)
def test_no_worse_than_batch_norm(measured, difference, better, answer):
    finding, versus = compare(measured, lambda seed: 2.0 + difference, better=better)
    assert versus.no_worse == answer, f"difference {difference}, {better} is better, margin 0.5"
    assert versus.difference.median == difference, "user minus reference"
    assert (versus.reference, versus.better, versus.margin) == ("batch_norm", better, 0.5)
    assert finding.id == "WU-1@mine"
    assert not finding.registered, "a user's layer is not what the paper's claim is about"
    assert len(finding.cells) == 36, "two arms and the reference's, the shared arm once"


def test_no_worse_by_hand(measured):
    """Differences -3, -2, -1 and nine of 0: the third smallest is -1, below the margin of 0.5."""
    dips = {100: -3.0, 101: -2.0, 102: -1.0}
    _, versus = compare(measured, lambda seed: 2.0 + dips.get(seed, 0.0))
    assert (versus.difference.low, versus.difference.median, versus.difference.high) == (-1, 0, 0)
    assert versus.no_worse == "undecided", "-1 < -0.5 < 0"
    del dips[102]
    _, versus = compare(measured, lambda seed: 2.0 + dips.get(seed, 0.0))
    assert (versus.difference.low, versus.no_worse) == (0, "yes"), "two losses of 12 are allowed"


def test_the_difference_is_paired_by_seed(measured):
    _, versus = compare(measured, lambda seed: 10.0 * seed + 1, base=lambda seed: 10.0 * seed)
    assert (versus.difference.low, versus.difference.high) == (1, 1), (
        "the seed's own level drops out"
    )


def test_a_difference_of_infinite_effects_is_unknown(measured):
    def endless(rows):
        return math.inf

    _, versus = compare(measured, lambda seed: 2.0, effect=endless)
    assert (versus.difference.low, versus.difference.high) == (None, None), "inf - inf is unknown"
    assert versus.difference.median is None
    assert versus.no_worse == "undecided"

    def censored(rows):
        value = effect(rows)
        return (value, math.inf) if value > 2 else value

    _, versus = compare(measured, lambda seed: 3.0, effect=censored)
    assert (versus.difference.low, versus.difference.high) == (1, None), "[3, inf] - 2 = [1, inf]"
    assert versus.no_worse == "yes", "whatever the unknown end is"


def test_a_comparison_needs_the_reference(measured):
    missing = {("batch_norm", 100)}
    finding = judge(ask(a_claim(), norm=MINE), measured(missing=missing), {})
    assert finding.reason == "1 of 36 cells missing"
    assert finding.versus_reference is None


def family_of(*wins: int) -> list[Question]:
    claims = [a_claim(f"WU-{count}", effect=_wins(count)) for count in wins]
    return [ask(claim, family=len(wins)) for claim in claims]


def _wins(wins: int):
    return lambda rows: 2.0 if effect(rows) < 100 + wins else 0.0


def test_holm_over_the_claims_of_a_paper(measured):
    by_seed = measured(lambda seed: seed)
    questions = family_of(12, 11, 10)
    findings = judge_all(questions, by_seed, {})
    p = [f.p_supported for f in findings]
    assert [f.p_holm for f in findings] == pytest.approx(holm(p)), "three claims, one family"
    assert [f.p_holm for f in findings] == pytest.approx([3 * p[0], 2 * p[1], p[2]])
    assert [f.confirmed for f in findings] == [True, True, True]
    alone = judge_all([ask(a_claim("WU-10", effect=_wins(10)), family=3)], by_seed, {})[0]
    assert alone.p_holm == pytest.approx(3 * p[2]), "claims that were not asked count as p = 1"
    assert not alone.confirmed, "10 of 12 does not suffice for three claims"
    assert alone.status == "supported", "the verdict itself is per claim"


def test_refuted_claims_are_adjusted_by_their_own_p(measured):
    findings = judge_all(family_of(0, 12), measured(lambda seed: seed), {})
    refuted = findings[0]
    assert refuted.status == "refuted"
    assert refuted.p_holm == pytest.approx(2 * refuted.p_refuted)
    assert refuted.confirmed
    mixed = judge_all(family_of(7), measured(lambda seed: seed), {})[0]
    assert (mixed.status, mixed.p_holm, mixed.confirmed) == ("inconclusive", None, False)


def test_controls_and_exact_claims_are_no_family(measured):
    statistical, lookup = ask(a_claim("WU-1")), measured()
    control = ask(a_claim("WU-2", kind="control"))
    exact = ask(an_exact_claim(id="WU-3"))
    findings = judge_all([control, statistical, exact], lookup, {})
    assert [f.id for f in findings] == ["WU-2", "WU-1", "WU-3"], "the order asked"
    assert findings[1].p_holm == findings[1].p_supported, "a family of one"
    assert [findings[0].p_holm, findings[2].p_holm] == [None, None]
    assert not findings[0].confirmed


def test_missing_claims_count_as_p_1(measured):
    gone = a_claim("WU-2", effect=lambda rows: 1 / 0)
    findings = judge_all([ask(a_claim("WU-1")), ask(gone)], measured(), {})
    assert findings[0].p_holm == pytest.approx(2 * findings[0].p_supported), "a family of two"
    assert (findings[1].status, findings[1].p_holm) == ("incomplete", None)


def test_papers_and_scales_are_families_of_their_own(measured):
    claim = a_claim("WU-1", scales=("small", "gpu"))
    questions = [ask(claim), ask(claim, scale="gpu"), ask(claim, paper=OTHER)]
    findings = judge_all(questions, measured(), {})
    assert [f.scale for f in findings] == ["small", "gpu", "small"], "one finding per question"
    for finding in findings:
        assert finding.p_holm == finding.p_supported, "expected three families of one"


def test_unregistered_findings_are_never_confirmed(measured):
    pilot = ask(a_claim("WU-1"), seeds=tuple(range(12)))
    layer = ask(a_claim("WU-2"), norm=MINE)
    own = ask(a_claim("WU-3"))
    findings = judge_all([pilot, layer, own], measured(), {})
    assert [f.status for f in findings] == ["supported"] * 3
    assert [f.registered for f in findings] == [False, False, True]
    assert [f.confirmed for f in findings] == [False, False, True]
    assert findings[2].p_holm == findings[2].p_supported, "they are no part of the family either"
    assert [seed for seed, _, _ in findings[0].effects] == list(range(12)), "the seeds asked for"


@pytest.mark.parametrize(
    ("kind", "expected", "losses", "answer"),
    [
        ("statistical", "supported", 0, "none"),
        ("statistical", "supported", 5, "moved"),
        ("statistical", "supported", 12, "swapped"),
        ("statistical", "refuted", 12, "none"),
        ("statistical", "refuted", 0, "swapped"),
        ("statistical", "refuted", 5, "moved"),
        ("statistical", "inconclusive", 0, "moved"),
        ("statistical", "inconclusive", 12, "moved"),
        ("control", "supported", 0, "none"),
        ("control", "supported", 5, "swapped"),
        ("control", "refuted", 5, "swapped"),
        ("control", "refuted", 12, "none"),
    ],
)
def test_surprises(measured, kind, expected, losses, answer):
    claim = a_claim(kind=kind, expected={"small": Expectation(outcome=expected)})
    finding = judge(ask(claim), measured(few(losses)), {})
    assert surprise(finding) == answer, f"{kind}, expected {expected}, found {finding.status}"


def test_a_claim_with_a_verdict_is_not_waiting(measured):
    assert not waiting(judge(ask(a_claim()), measured(), {}))
