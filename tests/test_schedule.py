"""The order of measuring, what sharing saves, and how far a sequential question has come."""

from bnref.evidence.cell import Provenance
from bnref.evidence.claim import Claim, Paper, Setting, grid
from bnref.evidence.question import Question
from bnref.evidence.record import Environment, Record, sealed
from bnref.evidence.sequential import CAP
from bnref.evidence.verdict import above
from bnref.schedule import entries, kind, ordered, reached, shared

PAPER = Paper(cite_key="p_2020", title="T", authors="A", year=2020, venue="V")
PROVENANCE = Provenance(code="c", data="none", torch="0", device_model="none")
ENVIRONMENT = Environment(
    python="3", torch="0", numpy="2", system="linux", device_model="none", threads=1
)


def ask(name, *, of="", arms=("low", "high"), sequential=False, **more):
    claim = Claim(
        id=name,
        locator="page 1",
        statement="It holds.",
        settings={
            "small": Setting(
                experiment="x", arms=grid(level=arms), seeds=2, fixed={"of": of or name}
            )
        },
        effect=lambda rows: rows.one(level="high")["y"],
        region=above(1),
        unit="points",
        **more,
    )
    return Question(PAPER, claim, "small", "cpu", sequential=sequential)


def test_headline_claims_then_the_cheapest_and_the_longest_runs_of_each():
    dear, cheap, headline = ask("A-1"), ask("B-1", of="B"), ask("C-1", headline="first")
    lines = [line for question in (dear, cheap, headline) for line in entries(question)]
    seconds = {"A-1": (1.0, 9.0), "B": (1.0, 2.0), "C-1": (50.0, 40.0)}
    history = {
        kind(line.planned.cell): seconds[line.planned.cell.arm["of"]][
            line.planned.cell.arm["level"] == "high"
        ]
        for line in lines
    }
    assert [line.id for line in ordered(lines, history)] == [
        "C-1-low-s100",
        "C-1-low-s101",
        "C-1-high-s100",
        "C-1-high-s101",
        "B-1-high-s100",
        "B-1-high-s101",
        "B-1-low-s100",
        "B-1-low-s101",
        "A-1-high-s100",
        "A-1-high-s101",
        "A-1-low-s100",
        "A-1-low-s101",
    ]
    assert [line.id for line in ordered(lines, {})][:4] == [line.id for line in entries(headline)]


def test_what_sharing_saves():
    one, same, part, other = (
        ask("A-1", of="A"),
        ask("A-2", of="A"),
        ask("A-3", of="A", arms=("high", "higher")),
        ask("B-1"),
    )
    lines = [line for question in (one, same, part, other) for line in entries(question)]
    assert len(lines) == 16
    assert shared(lines) == 4 + 2, "all of A-2's, and the high arm of A-3"


class Records:
    """Records up to a seed; the effect of each is 2 for a win, 0 for a loss, or missing."""

    def __init__(self, effects):
        self.effects, self.looked = dict(enumerate(effects, 100)), set()

    def __call__(self, cell):
        self.looked.add(cell.seed)
        if self.effects.get(cell.seed) is None:
            return None
        record = Record(
            cell=cell,
            provenance=PROVENANCE,
            metrics={"y": self.effects[cell.seed]},
            series={},
            diverged=False,
            seconds=1.0,
            environment=ENVIRONMENT,
        )
        return sealed(record)


def come_to(effects, failures=None):
    """The number of seeds that the question has come to, and the largest that was looked at."""
    records = Records(effects)
    found = reached(ask("S-1", sequential=True), records, failures or {})
    assert found.seeds == tuple(range(100, 100 + len(found.seeds)))
    return len(found.seeds), max(records.looked) - 99


def test_a_sequential_question_needs_the_seeds_up_to_the_next_verdict():
    assert len(ask("S-1", sequential=True).cells()) == 2 * CAP
    assert come_to([]) == (7, 7), "seven straight wins are the first verdict"
    assert come_to([2.0] * 7) == (7, 7), "decided"
    assert come_to([0.0] * 7) == (7, 7), "refuted"
    assert come_to([2.0] * 30) == (7, 7), "what is there beyond is not looked at"
    assert come_to([0.0] + [2.0] * 6) == (11, 11), "10 of 11 are the next"
    assert come_to([0.0] + [2.0] * 10) == (11, 11)
    assert come_to([0.0] + [2.0] * 9 + [0.0]) == (15, 15), "13 of 15 after that"
    assert come_to([2.0] * 3 + [None] + [2.0] * 26) == (7, 7), "a missing seed is not jumped over"


def test_a_claim_that_cannot_be_decided_any_more_ends_where_that_is_known():
    count, looked = come_to([2.0, 0.0] * 15)
    assert count == 16, "8 of 16"
    assert looked >= count


def test_a_question_goes_on_where_it_was():
    question = ask("S-1", sequential=True)
    first = reached(question, Records([0.0] + [2.0] * 6), {})
    assert len(first.seeds) == 11
    then = Records([0.0] + [2.0] * 10)
    assert reached(first, then, {}) == first, "decided on these"
