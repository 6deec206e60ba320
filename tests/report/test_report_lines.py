"""Lines are named by what tells the runs of a figure apart, and by nothing else."""

from bnref.evidence.cell import Provenance, identity
from bnref.evidence.claim import Claim, Paper, Setting, Substitution, grid
from bnref.evidence.question import Question
from bnref.evidence.record import Environment, Record, sealed
from bnref.evidence.verdict import above
from bnref.report.lines import order, runs

PAPER = Paper(cite_key="k", title="T", authors="A B", year=2020, venue="V")


def names(hue: str) -> list[str]:
    arms = grid(norm=("batch_norm", "identity"), learning_rate=(0.1, 1.0))
    claim = Claim(
        id="AB20-1",
        locator="p",
        statement="S.",
        settings={"small": Setting(experiment="fake.any", arms=arms, seeds=12)},
        effect=lambda rows: 1.0,
        region=above(1),
        substitution=Substitution(better="higher", margin=1.0),
    )
    asked = Question(PAPER, claim, "small", "cpu")
    environment = Environment(
        python="3", torch="2", numpy="2", system="s", device_model="cpu", threads=1
    )
    provenance = Provenance(code="c" * 64, data="d" * 64, torch="2", device_model="cpu")
    records = {
        identity(planned.cell): sealed(
            Record(
                cell=planned.cell,
                provenance=provenance,
                metrics={},
                series={},
                diverged=False,
                seconds=1.0,
                environment=environment,
            )
        )
        for planned in asked.cells()
    }
    return [line.name for line in order(runs(asked, records, hue))]


def test_arms_are_called_by_their_names_alone():
    assert names("arm") == [
        "batch norm-lr0.1",
        "batch norm-lr1",
        "identity-lr0.1",
        "identity-lr1",
    ]


def test_what_the_hue_does_not_tell_apart_parts_a_line():
    assert names("norm") == [
        "batch norm, learning rate 0.1",
        "batch norm, learning rate 1",
        "no normaliser, learning rate 0.1",
        "no normaliser, learning rate 1",
    ]
