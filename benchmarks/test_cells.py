"""The matrix: one test per run. All are measured before the first test; a test reads its record."""

import pytest

from bnref.evidence.record import Record


@pytest.mark.cell
def test_cell(bn_cell: Record) -> None:
    """The cell has a record, which the store found whole, with numbers. Divergence is a record too."""
    some = bn_cell.metrics or bn_cell.diverged
    assert some, f"the record {bn_cell.key} holds no metric, and its run did not diverge"
