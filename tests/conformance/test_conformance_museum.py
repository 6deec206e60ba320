"""The museum: every mutant dies by the check meant for it, and the clean layer by none."""

import json
import re
import subprocess
import sys
import warnings

import pytest

from bnref.conformance.check import checks
from bnref.conformance.museum import (
    CLEAN,
    CLEAN_SAMPLES,
    Row,
    kill_matrix,
    markdown,
    mutants,
    survivors,
)
from bnref.conformance.museum.clean import Layer
from bnref.conformance.runner import run

SEEDS = range(2)
LINK = re.compile(r"https://github\.com/[\w.-]+/[\w.-]+/(issues|pull)/\d+")


def test_there_are_at_least_forty_mutants():
    assert len(mutants()) >= 40


def test_every_check_has_a_mutant():
    meant = {name for mutant in mutants().values() for name in mutant.meant_for}
    assert set(checks()) - meant == set()


@pytest.mark.parametrize("mutant", mutants().values(), ids=list(mutants()))
def test_a_mutant_says_what_it_is_and_where_it_was_seen(mutant):
    assert re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)+", mutant.id)
    assert len(mutant.sentence.split()) > 4
    assert mutant.links, "no thread is cited"
    assert all(LINK.fullmatch(link) for link in mutant.links)
    assert len(set(mutant.links)) == len(mutant.links)
    assert mutant.meant_for
    assert set(mutant.meant_for) <= set(checks())


def test_sentences_are_unique():
    sentences = [mutant.sentence for mutant in mutants().values()]
    assert len(set(sentences)) == len(sentences)


@pytest.mark.parametrize("mutant", mutants().values(), ids=list(mutants()))
def test_a_mutant_dies_by_the_checks_meant_for_it(mutant):
    with warnings.catch_warnings(action="ignore"):  # mutants divide by 0
        for seed in SEEDS:
            for result in run(mutant.implementation, seed, mutant.meant_for).results:
                assert result.status in ("deviates", "broken"), (seed, result)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_clean_layer_survives_every_check(seed):
    """One of the clean layers has each property, and none of them lacks one."""
    results = [r for clean in (CLEAN, *CLEAN_SAMPLES) for r in run(clean, seed).results]
    assert {r.check: r.found for r in results if r.status in ("deviates", "broken")} == {}
    had = {r.check for r in results if r.status == "conforms"}
    assert set(checks()) - had == {"more_than_two_to_the_31_elements_are_all_counted"}  # 48 GiB


def test_the_clean_layer_is_as_exact_as_two_passes():
    names = ("training_normalises_by_the_batch", "a_large_mean_costs_no_more_than_its_size")
    for result in run(CLEAN, 0, names).results:
        assert result.ulp <= 2 * result.best_ulp + 1, result


def test_a_mutant_is_a_small_diff():
    for mutant in mutants().values():
        overridden = set(vars(mutant.layer)) & set(vars(Layer))
        assert len(overridden - {"__doc__", "__module__", "__init__", "DEFAULT"}) <= 3, mutant.id


def row(**fields):
    return Row(**{"id": "a", "sentence": "", "links": (), "meant_for": (), "statuses": {}} | fields)


def test_survivors_names_who_lives_and_who_should_have_lived():
    lives = row(id="lives", meant_for=("sizes_have_no_limit",))
    dies = lives.__class__(**vars(lives) | {"statuses": {"sizes_have_no_limit": "broken"}})
    clean = row(id="clean", statuses={"sizes_have_no_limit": "deviates"})
    assert survivors([lives, dies]) == ["lives survives sizes_have_no_limit, meant for it"]
    assert survivors([clean]) == ["clean does not survive sizes_have_no_limit"]


def test_not_applicable_is_no_kill():
    assert row(statuses={"sizes_have_no_limit": "not_applicable"}).killed_by == ()


def test_the_matrix_renders_as_markdown_and_as_json():
    rows = kill_matrix(0, meant_only=True)
    assert survivors(rows) == []
    assert [r.id for r in rows] == ["clean", *mutants()]
    text = markdown(rows)
    for name in (*mutants(), *checks()):
        assert f"| {name} |" in text
    for record in json.loads(json.dumps([r.record() for r in rows[1:]])):
        assert set(record["meant_for"]) <= set(record["killed_by"])
        assert record["links"]


def test_the_matrix_holds_every_pair(monkeypatch):
    some = dict(list(mutants().items())[:2])
    monkeypatch.setattr("bnref.conformance.museum.matrix.mutants", lambda: some)
    rows = kill_matrix(1)
    assert [set(r.statuses) for r in rows] == [set(checks())] * 3
    assert survivors(rows) == []


def test_the_museum_needs_no_torch():
    code = "import sys; sys.modules['torch'] = None; import bnref.conformance.museum as museum"
    code += "; museum.mutants()"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.nightly
def test_no_false_alarm_and_no_survivor_over_many_seeds():
    for seed in range(100, 110):
        assert survivors(kill_matrix(seed, meant_only=True)) == []
