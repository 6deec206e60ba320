"""Made-up cells and records."""

from collections.abc import Callable

import pytest

from bnref.evidence.cell import Cell, Provenance
from bnref.evidence.record import Environment, Record, sealed

PROVENANCE = Provenance(code="c" * 64, data="d" * 64, torch="2.13.0", device_model="Some CPU")


def a_record(cell: Cell, torch: str = "2.13.0", model: str = "Some CPU", **more) -> Record:
    values = {
        "cell": cell,
        "provenance": Provenance(code="c" * 64, data="d" * 64, torch=torch, device_model=model),
        "metrics": {"y": 1.5},
        "series": {"loss": [2.0, 1.0]},
        "diverged": False,
        "seconds": 0.5,
        "environment": Environment(
            python="3.11.9",
            torch=torch,
            numpy="2.4.6",
            system="linux x86_64",
            device_model=model,
            threads=1,
        ),
    }
    return sealed(Record(**(values | more)))


@pytest.fixture(scope="session")
def make_record() -> Callable[..., Record]:
    """A sealed record of a cell."""
    return a_record


@pytest.fixture(scope="session")
def make_cell() -> Callable[..., Cell]:
    """A cell of an arm."""

    def make(seed: int = 100, **arm) -> Cell:
        arm = arm or {"norm": "batch_norm", "batch_size": 2, "momentum": None, "learning_rate": 0.1}
        return Cell(experiment="lab.thing", arm=arm, seed=seed, scale="small", device="cpu")

    return make


@pytest.fixture
def record(make_record, make_cell) -> Record:
    """One record."""
    return make_record(make_cell())
