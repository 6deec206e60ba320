"""The matrix: one test per run. All are measured before the first test; a test reads its record."""

import pytest

from bnref.evidence.record import Record, intact


@pytest.mark.cell
def test_cell(bn_cell: Record) -> None:
    """The cell has a record, whole and as it was written. A run that diverged is a record too."""
    assert intact(bn_cell), f"the record {bn_cell.key} was changed after it was written"
