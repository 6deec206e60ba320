"""Every kind of figure, drawn from made-up records whose numbers are known."""

import math
import random
import re
from dataclasses import replace
from xml.etree import ElementTree

import msgspec
import pytest

from bnref.evidence.cell import Provenance, identity
from bnref.evidence.claim import Claim, Paper, Reported, Setting, Substitution, grid
from bnref.evidence.figure import Band, Curve, Dots, HeatMap, Histogram, Overlay, Traces
from bnref.evidence.question import Question
from bnref.evidence.record import Environment, Record, sealed
from bnref.evidence.verdict import above
from bnref.report.band import Step, steps
from bnref.report.drawing import quantile
from bnref.report.drawn import drawings
from bnref.report.figures import sketch, sketches
from bnref.report.heat_map import rows_named
from bnref.report.judged import judged
from bnref.report.lines import Line, Run

PAPER = Paper(cite_key="k", title="T", authors="A B", year=2020, venue="V")
LAYERS = tuple(f"variance_layer_{layer}" for layer in (8, 44, 80))
STEPS = 20


def question(figure, norms=("batch_norm", "identity"), seeds=12) -> Question:
    arms = grid(norm=norms, batch_size=(32,))
    claim = Claim(
        id="AB20-1",
        locator="p",
        statement="S.",
        settings={"small": Setting(experiment="fake.any", arms=arms, seeds=seeds)},
        effect=lambda rows: 1.0,
        region=above(1),
        unit="nats",
        figures=(figure,),
        substitution=Substitution(better="higher", margin=1.0),
    )
    return Question(PAPER, claim, "small", "cpu")


def record(cell, keep=lambda cell: True) -> Record:
    """With batch norm everything is calm; without it ten times wider, and it grows with depth."""
    noise = random.Random(identity(cell))
    wide = 1.0 if cell.arm["norm"] == "batch_norm" else 10.0
    series = {
        "step": [100.0 * i for i in range(1, STEPS + 1)],
        "p15": [-wide - 0.1 * i for i in range(STEPS)],
        "p50": [0.05 * wide * i for i in range(STEPS)],
        "p85": [wide + 0.1 * i for i in range(STEPS)],
        "low": [0.5 * math.exp(-i / 9) for i in range(STEPS)],
        "high": [0.5 * math.exp(-i / 9) * (1 + wide) for i in range(STEPS)],
        "gradients": [
            noise.gauss(0, 1) * math.exp(wide / 4 * noise.gauss(0, 1)) for _ in range(60)
        ],
        **{
            name: [math.exp(wide / 4 * layer * i / STEPS) for i in range(STEPS)]
            for layer, name in enumerate(LAYERS)
        },
        "signed": [math.sin(i) for i in range(STEPS)],
    }
    return sealed(
        Record(
            cell=cell,
            provenance=Provenance(code="c" * 64, data="d" * 64, torch="2", device_model="cpu"),
            metrics={"error": 0.1 * wide + noise.gauss(0, 0.01)} if keep(cell) else {},
            series=series if keep(cell) else {},
            diverged=cell.seed == 103 and wide > 1,
            seconds=1.0,
            environment=Environment(
                python="3", torch="2", numpy="2", system="s", device_model="cpu", threads=1
            ),
        )
    )


def drawn(figure, norms=("batch_norm", "identity"), keep=lambda cell: True, seeds=12):
    asked = question(figure, norms, seeds)
    records = {identity(p.cell): record(p.cell, keep) for p in asked.cells()}
    (drawing,) = drawings([sketch("figures/x.svg", figure, asked, records)])
    ElementTree.fromstring(drawing.svg)
    return drawing


TABLE_2 = Overlay(points={32: 0.2}, source="table 2", line="batch_norm")
KINDS = {
    "curve": Curve(x="batch_size", y="error", hue="norm", overlay=(TABLE_2,)),
    "band": Band(
        series="high", hue="norm", x="step", log_x=True, log_y=True, overlay=(
            Overlay(points={100.0: 2.0, 1000.0: 1.0}, source="read off figure 4", line="identity"),
        ),
    ),
    "dots": Dots(
        y="error", hue="norm", scale=100, y_label="test error (%)",
        overlay=(Overlay(points={"batch_norm": 23.6, "identity": 29.2}, source="table 1"),),
    ),
    "traces": Traces(series=("p15", "p50", "p85"), hue="norm", x="step", y_label="sigmoid input"),
    "shade": Traces(
        series=("low", "high"), hue="norm", x="step", shade=True, log_y=True, y_label="loss"
    ),
    "tail": Histogram(series="gradients", hue="norm", tail=True, x_label="gradient"),
    "density": Histogram(
        series="gradients", hue="norm", x_label="gradient", bins=30,
        overlay=(
            Overlay(
                points={x / 10: math.exp(-((x / 10) ** 2) / 2) / 2.507 for x in range(-40, 41)},
                source="normal density",
                line="batch_norm",
            ),
        ),
    ),
    "heat": HeatMap(
        series=LAYERS, hue="norm", x="step", log=True, label="variance", y_label="layer",
        x_label="training step",
    ),
    "signed": HeatMap(series=("signed", "p50"), hue="norm", label="value"),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_says_what_it_shows_and_has_its_numbers(kind):
    drawing = drawn(KINDS[kind])
    assert drawing.caption.startswith("AB20-1: ")
    assert "1 of 24 runs diverged" in drawing.caption
    assert "12 seeds" in drawing.caption
    assert {len(row) for row in drawing.table.rows} == {len(drawing.table.head)}
    assert {row[0] for row in drawing.table.rows} == {"batch norm", "no normaliser"}
    assert drawing.svg == drawn(KINDS[kind]).svg, "the same bytes again"


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_recorded_is_drawn_as_nothing(kind):
    drawing = drawn(KINDS[kind], keep=lambda cell: False)
    assert all(len(row) == len(drawing.table.head) for row in drawing.table.rows)


@pytest.mark.parametrize("kind", KINDS)
def test_one_arm_without_records_leaves_the_other(kind):
    both = drawn(KINDS[kind])
    one = drawn(KINDS[kind], keep=lambda cell: cell.arm["norm"] == "batch_norm")
    told = [row for row in both.table.rows if row[0] == "batch norm"]
    assert [row for row in one.table.rows if row[0] == "batch norm"] == told


@pytest.mark.parametrize("kind", [Curve, Dots])
def test_a_series_is_shown_where_another_is_smallest(kind):
    """`low` falls with the step, so its smallest number is the last; `high` is (1 + wide) times it."""
    x = {"x": "batch_size"} if kind is Curve else {}
    rows = drawn(kind(y="high", best="low", hue="norm", scale=2.0, **x)).table.rows
    last = 0.5 * math.exp(-(STEPS - 1) / 9)
    middle = {row[0]: float(row[-5]) for row in rows}
    assert middle["batch norm"] == pytest.approx(2 * 2 * last, rel=1e-3)
    assert middle["no normaliser"] == pytest.approx(2 * 11 * last, rel=1e-3)


def test_overlays_name_their_source_and_change_the_picture():
    for kind in ("curve", "band", "dots", "density"):
        figure = KINDS[kind]
        bare = drawn(type(figure)(**{**vars(figure), "overlay": ()}))
        source = figure.overlay[0].source
        assert source in drawn(figure).caption
        assert source not in bare.caption
        assert bare.svg != drawn(figure).svg


def test_a_paper_number_outside_of_ours_widens_the_axis():
    far = Overlay(points={32: 50.0}, source="table 9", line="batch_norm")
    drawing = drawn(Curve(x="batch_size", y="error", hue="norm", overlay=(far,)))
    assert re.search(r"<!-- 50 -->", drawing.svg), "a tick near the paper's number"


def test_numbers_of_the_tables():
    traces = drawn(KINDS["traces"]).table.rows
    assert ("batch norm", "p15", "100", "−1") in traces
    assert ("no normaliser", "p85", "2,000", "11.9") in traces
    heat = drawn(KINDS["heat"]).table.rows
    assert heat[0] == ("batch norm", "8", "1", "1", "1")
    assert heat[-1][:3] == ("no normaliser", "80", "1")
    tail = {row[0]: row for row in drawn(KINDS["tail"]).table.rows}
    assert tail["batch norm"][-1] == "720", "sixty numbers of twelve seeds"
    dots = {row[0]: row for row in drawn(KINDS["dots"]).table.rows}
    assert dots["batch norm"][-2:] == ("12", "0")
    assert dots["no normaliser"][-2:] == ("12", "1")


@pytest.mark.parametrize("kind", ["curve", "dots"])
def test_of_many_seeds_only_those_outside_the_outer_quantiles_are_points(kind):
    few, many = (drawn(KINDS[kind], seeds=seeds) for seeds in (60, 70))
    assert "5 % to 95 %" not in few.caption
    assert "5 % to 95 %; faint points: seeds outside it" in many.caption
    faint = re.compile(r"<use [^>]*fill-opacity: 0\.3")
    assert len(faint.findall(few.svg)) == 2 * 60
    assert len(faint.findall(many.svg)) == 2 * 2 * 4, "four below and four above, on two lines"
    assert {row[-2:] for row in many.table.rows} == {("70", "0"), ("70", "1")}


def test_a_series_is_reduced_index_by_index_over_the_runs_that_reach_it():
    draw = random.Random(1)
    (asked,) = question(KINDS["band"], ("batch_norm",), seeds=1).cells()
    values = [[draw.gauss(0, 1) for _ in range(draw.choice((0, 3, 17, 20)))] for _ in range(25)]
    series = [{"y": ys, "x": [100.0 * i + len(ys) for i in range(len(ys) - 1)]} for ys in values]
    found = [
        Run(Line("a"), None, msgspec.structs.replace(record(asked.cell), series=one))
        for one in series
    ]
    for name in ("", "x"):
        wanted = []
        for index in range(20):
            here = [ys[index] for ys in values if len(ys) > index]
            at = [one["x"][index] for one in series if name and len(one["x"]) > index]
            x = quantile(at, 0.5) if at else float(index)
            low, middle, high = (quantile(here, share) for share in (0.25, 0.5, 0.75))
            wanted.append(Step(x, low, middle, high, len(here)))
        assert steps("y", name, found) == sorted(wanted, key=lambda step: step.x)
    assert steps("nothing", "x", found) == []


def test_rows_are_named_without_what_they_share():
    assert rows_named(LAYERS) == ["8", "44", "80"]
    assert rows_named(("a_b", "c_b")) == ["a b", "c b"]
    assert rows_named(("loss",)) == ["loss"]
    assert rows_named(("p", "p_q")) == ["p", "p q"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_figure_shows_the_arms_that_it_names_in_its_order(kind):
    names = ("identity-b32", "batch_norm-b32")
    both = drawn(replace(KINDS[kind], arms=names))
    assert list(dict.fromkeys(row[0] for row in both.table.rows)) == ["no normaliser", "batch norm"]
    one = drawn(replace(KINDS[kind], arms=("batch_norm-b32",)))
    assert {row[0] for row in one.table.rows} == {"batch norm"}
    assert drawn(replace(KINDS[kind], arms=("of another scale",))).svg == drawn(KINDS[kind]).svg


def test_an_effect_that_the_paper_reports_is_drawn_beside_ours():
    asked = question(KINDS["dots"])
    papers = (
        Reported(metric="effect", value=30.0, source="table 9", unit="nats"),
        Reported(metric="another number", value=40.0, source="table 8", unit="%"),
    )
    asked = replace(asked, claim=replace(asked.claim, reported=papers))
    records = {identity(p.cell): record(p.cell) for p in asked.cells()}
    (one,) = judged([asked], lambda cell: records[identity(cell)], {})
    strip = drawings(sketches(one, one.finding))[-1]
    assert "the paper, 30 (table 9)" in strip.caption
    assert "table 8" not in strip.caption
    ElementTree.fromstring(strip.svg)
