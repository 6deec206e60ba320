"""Claims, settings and the rows that an effect sees."""

import re
from dataclasses import replace

import pytest

from bnref.evidence.claim import (
    Arm,
    Claim,
    Expectation,
    Row,
    Rows,
    Setting,
    Substitution,
    factory_name,
    grid,
    plan,
)
from bnref.evidence.verdict import above


def a_setting(**more) -> Setting:
    values = {"experiment": "lab.thing", "arms": grid(treatment=("one", "other")), "seeds": 12}
    return Setting(**(values | more))


def a_claim(**more) -> Claim:
    values = {
        "id": "AB12-3",
        "locator": "page 1",
        "statement": "It holds.",
        "settings": {"small": a_setting()},
        "effect": lambda rows: 1.0,
        "region": above(1),
        "unit": "nats",
    }
    return Claim(**(values | more))


def test_a_grid_is_every_combination_in_order_with_readable_names():
    arms = grid(norm=("a", "b"), batch_size=(2, 4), learning_rate=(0.1, 1e-05))
    assert [arm.name for arm in arms] == [
        f"{norm}-b{size}-lr{rate}"
        for norm in ("a", "b")
        for size in (2, 4)
        for rate in ("0.1", "1e-05")
    ]
    assert arms[1].parameters == {"norm": "a", "batch_size": 2, "learning_rate": 1e-05}
    names = [
        arm.name for arm in grid(momentum=(0.05, None), bias=(True,), steps=(3,), share=(0.5,))
    ]
    assert names == ["m0.05-biasTrue-t3-p0.5", "mNone-biasTrue-t3-p0.5"], "axes have short forms"


def test_a_pack_never_holds_pilots_and_judged_seeds():
    for size in (1, 4, 20):
        assert a_claim(settings={"small": a_setting(fixed={"pack": size})})
    with pytest.raises(ValueError, match="AB12-3: a pack must divide 100"):
        a_claim(settings={"small": a_setting(fixed={"pack": 30})})


@pytest.mark.parametrize("name", ["WH18-1", "CTRL-placebo-same", "A"])
def test_ids_that_are_fine(name):
    assert a_claim(id=name).id == name


@pytest.mark.parametrize("name", ["", "a b", "a_b", "-a", "a-", "a--b", "a,b", "é", "a\n", "A@b"])
def test_ids_that_are_not(name):
    message = f"claim id {name!r}: letters, digits and hyphens only"
    with pytest.raises(ValueError, match=re.escape(message)):
        a_claim(id=name)


def test_what_a_claim_must_say():
    def refused(message: str, **more) -> None:
        with pytest.raises(ValueError, match=message):
            a_claim(**more)

    refused(
        "AB12-3: unknown scale 'tiny', one of smoke, small, gpu, paper",
        settings={"tiny": a_setting()},
    )
    refused(
        "AB12-3: two arms of scale small have one name",
        settings={"small": a_setting(arms=grid(learning_rate=(0.1234567, 0.1234568)))},
    )
    control = "AB12-3: an exact claim, and only it, has a negative control"
    refused(control, kind="exact")
    refused(control, control=lambda rows: 9.0)
    with_norm = {"small": a_setting(arms=grid(norm=("batch_norm", "identity")))}
    refused("AB12-3: an arm has batch_norm, so `substitution` must be declared", settings=with_norm)
    rule = Substitution(better="higher", margin=1.0)
    assert a_claim(settings=with_norm, substitution=rule).substitutable, (
        "batch_norm can be replaced"
    )
    assert not a_claim().substitutable, "no arm has batch_norm"
    mixed = a_claim(settings={"small": a_setting(), "gpu": with_norm["small"]}, substitution=rule)
    assert mixed.substitutable_at("gpu")
    assert not mixed.substitutable_at("small"), "its networks at this scale have no such arm"
    assert not mixed.substitutable_at("paper"), "it has no setting there"


SAID = {"id": "AB12-3", "locator": "page 1", "statement": "It holds."}
TESTED = {"settings": {"small": a_setting()}, "effect": lambda rows: 1.0, "region": above(1)}


def test_a_claim_has_settings_or_says_why_not():
    assert Claim(**SAID, not_attempted="needs a cluster").not_attempted
    why = "AB12-3: either settings or, in `not_attempted`, why there are none"
    with pytest.raises(ValueError, match=why):
        Claim(**SAID)
    with pytest.raises(ValueError, match=why):
        Claim(**SAID, **TESTED, not_attempted="needs a cluster")


@pytest.mark.parametrize("forgotten", ["effect", "region"])
def test_a_claim_with_settings_and_only_it_has_an_effect_and_a_region(forgotten):
    message = "AB12-3: a claim with settings, and only it, has effect and region"
    with pytest.raises(ValueError, match=message):
        Claim(**SAID, **{name: value for name, value in TESTED.items() if name != forgotten})
    with pytest.raises(ValueError, match=message):
        Claim(**SAID, not_attempted="needs a cluster", **{forgotten: TESTED[forgotten]})


def test_an_expectation_is_supported_unless_written_down():
    written = Expectation(outcome="refuted", because="It is so.")
    claim = a_claim(expected={"small": written})
    assert claim.expectation("small") is written
    assert claim.expectation("gpu") == Expectation(outcome="supported")


def test_substituting_replaces_batch_norm_and_nothing_else():
    setting = a_setting(arms=grid(norm=("batch_norm", "group_norm"), batch_size=(2,)))
    mine = setting.substituting("pack.age:mine")
    assert [arm.name for arm in mine.arms] == ["mine-b2", "group_norm-b2"]
    assert [arm.parameters["norm"] for arm in mine.arms] == ["pack.age:mine", "group_norm"]
    assert mine.arms[0].parameters["batch_size"] == 2, "the other parameters stay"
    assert setting.arms[0].name == "batch_norm-b2", "the setting itself is unchanged"
    assert factory_name("pack.age:mine") == "mine"


def test_shrunk_is_one_seed_with_other_sizes():
    setting = a_setting(fixed={"images": 1000, "steps": 5})
    small = setting.shrunk(images=10)
    assert (small.seeds, dict(small.fixed)) == (1, {"images": 10, "steps": 5})
    assert setting.fixed["images"] == 1000, "the setting itself is unchanged"


def test_a_plan_is_seed_by_seed_and_judged_seeds_start_at_100():
    setting = a_setting(seeds=2, fixed={"steps": 3, "treatment": "nobody"})
    planned = plan(setting, "small", "cpu")
    assert [(p.cell.seed, p.arm.name) for p in planned] == [
        (100, "one"),
        (100, "other"),
        (101, "one"),
        (101, "other"),
    ], "expected whole seeds, one after the other"
    assert planned[0].cell.arm == {"steps": 3, "treatment": "one"}, "an arm wins over what is fixed"
    assert {(p.cell.experiment, p.cell.scale, p.cell.device) for p in planned} == {
        ("lab.thing", "small", "cpu")
    }
    assert [p.cell.seed for p in plan(setting, "small", "cpu", seeds=[7])] == [7, 7]


def test_a_claim_on_cells_that_were_seen_has_seeds_of_its_own():
    fresh = a_setting(seeds=2).unseen()
    assert [p.cell.seed for p in plan(fresh, "small", "cpu")] == [200, 200, 201, 201]
    assert list(fresh.judged_seeds(3)) == [200, 201, 202]
    (one,) = fresh.arms[:1]
    assert fresh.unseen(arms=(one,)).arms == (one,)
    for first in (50, 150):
        with pytest.raises(ValueError, match=f"at a multiple of 100, not at {first}"):
            a_claim(settings={"small": replace(a_setting(), first_seed=first)})


def test_rows_select_by_parameters():
    arms = grid(norm=("batch_norm", "identity"), batch_size=(2, 4))
    rows = Rows(tuple(Row(arm, {"y": float(i)}, {}, False) for i, arm in enumerate(arms)))
    assert [row["y"] for row in rows] == [0, 1, 2, 3], "rows are in the order of the setting"
    assert [row["y"] for row in rows.where(batch_size=4)] == [1, 3]
    assert [row["y"] for row in rows.without(norm=("identity",))] == [0, 1]
    assert rows.one(norm="identity", batch_size=2)["y"] == 2
    with pytest.raises(LookupError, match=r"2 rows have .*batch_size.*expected exactly one"):
        rows.one(batch_size=2)
    with pytest.raises(LookupError, match=r"0 rows have .*'nobody'"):
        rows.one(norm="nobody")
    with pytest.raises(KeyError, match="loss"):
        rows.one(norm="identity", batch_size=2)["loss"]
    assert rows.where(width=1) == (), "an arm without the parameter does not have it"
    assert Arm("a", {}).name == "a"
