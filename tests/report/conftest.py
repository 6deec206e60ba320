"""Claims and records made up for the report: every status, kind and oddity of real ones."""

import math
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bnref import cli
from bnref.evidence.cell import Cell, Provenance, identity
from bnref.evidence.claim import (
    Claim,
    Expectation,
    Paper,
    Reported,
    Rows,
    Setting,
    Substitution,
    grid,
)
from bnref.evidence.figure import Band, Curve
from bnref.evidence.question import Question
from bnref.evidence.record import Environment, Record, sealed
from bnref.evidence.verdict import above, within
from bnref.report.judged import Judged, judged
from bnref.report.published import publish

WU = Paper(
    cite_key="WuHe2018",
    title="Group <Normalization> & friends",
    authors="Yuxin Wu and Kaiming He",
    year=2018,
    venue="ECCV",
    url="https://arxiv.org/abs/1803.08494",
)
OURS = Paper(cite_key="bnref", title="Controls", authors="bnref", year=2026, venue="this project")
ENVIRONMENT = Environment(
    python="3.11.9",
    torch="2.13.0",
    numpy="2.4.6",
    system="linux x86_64",
    device_model="Some CPU",
    threads=1,
)
PROVENANCE = Provenance(code="c" * 64, data="d" * 64, torch="2.13.0", device_model="Some CPU")


def sweep(**more: object) -> dict[str, Setting]:
    arms = grid(norm=("batch_norm", "group_norm"), batch_size=(2, 4, 8, 32))
    return {"small": Setting(experiment="fake.experiments.sweep", arms=arms, seeds=12, **more)}  # type: ignore[arg-type]


def pair(name: str, seeds: int = 12) -> dict[str, Setting]:
    arms = grid(treatment=("one", "other"))
    return {"small": Setting(experiment=f"fake.experiments.{name}", arms=arms, seeds=seeds)}


def contrast(rows: Rows) -> float:
    def loss(norm: str) -> float:
        own = [r for r in rows if r.arm.parameters["norm"] == norm]
        return own[0]["error"] - own[-1]["error"]

    first = next(r.arm.parameters["norm"] for r in rows)
    return 100 * (loss(str(first)) - loss("group_norm"))


def difference(rows: Rows) -> float:
    return rows.one(treatment="one")["y"] - rows.one(treatment="other")["y"]


def censored(rows: Rows) -> tuple[float, float]:
    one = rows.one(treatment="one")
    value = difference(rows)
    if one.diverged:
        return (-math.inf, math.inf)
    return (value, math.inf) if value > 2.6 else (value, value)


def endless(rows: Rows) -> float:
    return math.inf


def decades(rows: Rows) -> float:
    return rows.one(treatment="one")["decades"]


def measure(cell: Cell) -> Record:
    """A made-up record: what the cell's arm asks for, with noise of the cell's own."""
    noise = random.Random(identity(cell))
    metrics: dict[str, float] = {}
    series: dict[str, list[float]] = {}
    diverged = False
    name = cell.experiment.rpartition(".")[2]
    if name == "sweep":
        size = int(str(cell.arm["batch_size"]))
        worse = 0.16 / size if cell.arm["norm"] != "group_norm" else 0.01
        diverged = size == 2 and cell.seed in (103, 107) and cell.arm["norm"] == "batch_norm"
        metrics["error"] = 0.9 if diverged else 0.12 + worse + noise.gauss(0, 0.006)
        if not diverged:
            metrics["late"] = metrics["error"] * 2
        steps = 8 if diverged else 30
        series["step"] = [10.0 * i for i in range(steps)]
        series["loss"] = [
            math.exp(-i / 9) * 2.3 + 0.2 * worse + noise.random() / 9 for i in range(steps)
        ]
    else:
        centre = {"clear": 1.0, "wrong": -1.2, "vague": 0.5, "wide": 2.5, "law": 0.02}.get(
            name, 0.0
        )
        spread = {"law": 0.03, "clear": 0.2}.get(name, 0.8)
        shift = centre + noise.gauss(0, spread) if cell.arm["treatment"] == "one" else 0.0
        diverged = name == "wide" and cell.seed == 105 and cell.arm["treatment"] == "one"
        metrics = {"y": shift, "decades": 2.5 + noise.random(), "control": 7.0}
    return sealed(
        Record(
            cell=cell,
            provenance=PROVENANCE,
            metrics=metrics,
            series=series,
            diverged=diverged,
            seconds=1.5,
            environment=ENVIRONMENT,
        )
    )


CURVE = Curve(
    x="batch_size",
    y="error",
    hue="norm",
    log_x=True,
    scale=100,
    y_label="test error (%)",
    x_label="batch size",
    title="Error against batch size",
)
LATE = Curve(x="batch_size", y="late", hue="norm", y_label="late error")
BAND = Band(
    series="loss", hue="norm", x="step", log_y=True, y_label="training loss", x_label="step"
)


def claim(id: str, **more: object) -> Claim:
    values: dict[str, object] = {
        "locator": "section 4.1, table 2",
        "statement": f"Statement of {id}: one treatment beats the other | by *enough* <always>.",
        "effect": difference,
        "region": above(0.4),
        "unit": "nats",
        "protocol": "Two arms of one network, paired by seed; the error is read after the last epoch.",
    }
    return Claim(id=id, **(values | more))  # type: ignore[arg-type]


def claims() -> list[tuple[Paper, Claim]]:
    expected = {
        "small": Expectation(outcome="refuted", because="the effect has the other sign here")
    }
    return [
        (
            WU,
            claim(
                "WH18-1",
                settings=sweep(),
                effect=contrast,
                region=above(2.0),
                unit="percentage points",
                statement="Shrinking the batch from 32 to 2 costs BatchNorm at least two points more "
                "accuracy than GroupNorm.",
                reported=(Reported(metric="difference", value=11.1, source="table 2"),),
                figures=(CURVE, LATE, BAND),
                substitution=Substitution(better="lower", margin=1.0),
            ),
        ),
        (WU, claim("WH18-2", settings=pair("wrong"), expected=expected)),
        (
            WU,
            claim(
                "WH18-2-small",
                settings=pair("wrong"),
                headline="larger rates",
                expected={
                    "small": Expectation(
                        outcome="refuted", because="too few images.", depends_on_scale=True
                    )
                },
            ),
        ),
        (WU, claim("WH18-3", settings=pair("vague"), unverified=("gain in appendix <K>",))),
        (WU, claim("WH18-4", settings=pair("wide"), effect=censored, unit="octaves")),
        (WU, claim("WH18-5", settings=pair("missing"))),
        (WU, claim("WH18-6", settings={"paper": pair("paper")["small"]})),
        (WU, claim("WH18-7", settings=pair("law", 20), region=within(-0.1, 0.1), unit="")),
        (WU, claim("WH18-8", settings=pair("endless"), effect=endless, region=above(0.5))),
        (
            WU,
            claim(
                "WH18-9",
                settings=pair("exact", 5),
                kind="exact",
                effect=decades,
                control=lambda rows: rows.one(treatment="one")["control"],
                region=above(1e-9),
                unit="decades",
            ),
        ),
        (
            WU,
            Claim(
                id="WH18-10",
                locator="table 9",
                statement="A cluster says so.",
                not_attempted="needs a cluster",
            ),
        ),
        (OURS, claim("CTRL-planted-half", settings=pair("clear", 20), kind="control")),
    ]


def questions(norm: str | None = None) -> list[Question]:
    asked = [Question(paper, one, "small", "cpu") for paper, one in claims()]
    if norm is not None:
        asked.insert(1, Question(*claims()[0], "small", "cpu", norm=norm))
    return asked


def lookup(cell: Cell) -> Record | None:
    return None if cell.experiment.endswith("missing") and cell.seed > 101 else measure(cell)


def everything(norm: str | None = "mine.layers:my_norm") -> list[Judged]:
    return judged(questions(norm), lookup, {})


@pytest.fixture(scope="session")
def made_up() -> list[Judged]:
    """One finding of every status and kind, one of them of a user's layer."""
    return everything()


CLAIM_FILE = """
from bnref.evidence.claim import Claim, Rows, Setting, grid
from bnref.evidence.figure import Curve
from bnref.evidence.verdict import above


def effect(rows: Rows) -> float:
    return rows.one(treatment="one")["y"] - rows.one(treatment="other")["y"]


CLAIM = Claim(
    id="{id}", locator="page 1", statement="{id} holds.", unit="nats",
    effect=effect, region=above(0.4),
    settings={{
        "small": Setting(
            experiment="fake.experiments.{name}", arms=grid(treatment=("one", "other")), seeds=12
        )
    }},
    figures=(Curve(x="treatment", y="y", hue="treatment"),),
)
"""
PAPER_FILE = (
    "from bnref.evidence.claim import Paper\n"
    'PAPER = Paper(cite_key="Fake", title="A fake", authors="A B", year=2020, venue="V", url="u:v")\n'
)
README = """# Title
<!-- bnref:verdicts -->
<!-- /bnref:verdicts -->
between
<!-- bnref:figure -->
<!-- /bnref:figure -->
end
"""


def make_checkout(root: Path) -> Path:
    home = root / "reproductions" / "fake_2020"
    home.mkdir(parents=True)
    (home / "__init__.py").write_text(PAPER_FILE)
    (home.parent / "__init__.py").write_text("")  # as in the real one, which would win otherwise
    cells: list[Cell] = []
    for id, name in (("FK-1", "clear"), ("FK-2", "wrong")):
        (home / f"{name}.py").write_text(CLAIM_FILE.format(id=id, name=name))
        planned = Question(WU, claim(id, settings=pair(name)), "small", "cpu").cells()
        cells += [one.cell for one in planned]
    publish(root / "reports", [measure(cell) for cell in cells])
    (root / "README.md").write_text(README)
    return root


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with two claims, their records published, and a README with markers."""
    return make_checkout(tmp_path)


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Such a checkout after `bnref report`."""
    root = make_checkout(tmp_path_factory.mktemp("reported"))
    with forgetting():
        assert cli.main(["report", "--root", str(root)]) == 0
    return root


@contextmanager
def forgetting() -> Iterator[None]:
    """Forget the claims that were imported in between: they come from a folder of the test."""
    path = list(sys.path)
    loaded = {name: module for name, module in sys.modules.items() if claims_module(name)}
    for name in loaded:
        del sys.modules[name]
    yield
    sys.path[:] = path
    for name in [name for name in sys.modules if claims_module(name)]:
        del sys.modules[name]
    sys.modules.update(loaded)


def claims_module(name: str) -> bool:
    return name.partition(".")[0] == "reproductions"


@pytest.fixture
def forget_claims() -> Iterator[None]:
    with forgetting():
        yield
