"""The rates that claims froze are those that their published tuning records choose."""

from pathlib import Path

import pytest

from bnref import tuning
from bnref.evidence.cell import identity
from reproductions.wu_he_2018.small_batch import CLAIM, RATE_AT_32

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def records():
    return tuning.published(ROOT, CLAIM)


def test_published_records_are_the_tuning_cells_on_pilot_seeds(records):
    expected = {identity(planned.cell) for planned in tuning.cells(CLAIM)}
    assert {identity(record.cell) for record in records} == expected
    assert max(record.cell.seed for record in records) < 100, "judged seeds start at 100"
    assert len({record.cell.seed for record in records}) >= 5, "at least five tuning seeds"


def test_frozen_rates_have_the_smallest_mean_validation_error(records):
    table = tuning.table(records)
    assert {norm: tuning.best(rates) for norm, rates in table.items()} == RATE_AT_32


def test_frozen_rates_are_not_at_the_edge_of_the_grid(records):
    for norm, rates in tuning.table(records).items():
        best = tuning.best(rates)
        assert min(rates) < best < max(rates), f"{norm}: best rate {best} is at the edge: extend it"


def test_best_prefers_the_smaller_rate_of_equals():
    assert tuning.best({0.1: 20.0, 0.2: 20.0, 0.4: 21.0}) == 0.1
