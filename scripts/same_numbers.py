"""Whether the records that two stores share hold the same numbers, bit for bit.

    pytest benchmarks/ --bn-device cuda --bn-scale smoke --bn-store /tmp/first
    pytest benchmarks/ --bn-device cuda --bn-scale smoke --bn-store /tmp/second --bn-replay
    python scripts/same_numbers.py /tmp/first /tmp/second

Prints each record that differs, and how many were compared; exit code 1 where any differs or none is shared.
"""

import sys
from pathlib import Path

from bnref.evidence.record import Record
from bnref.evidence.store import parse


def main(first: str, second: str) -> int:
    """Compare metrics, series and divergence of the records of one name."""
    ours, theirs = ({path.name: path for path in _files(store)} for store in (first, second))
    shared = sorted(ours.keys() & theirs.keys())
    pairs = [(parse(ours[name].read_bytes()), parse(theirs[name].read_bytes())) for name in shared]
    different = [one for one, other in pairs if _numbers(one) != _numbers(other)]
    for record in different:
        print(f"differs: {record.cell}")
    print(f"{len(different)} of {len(shared)} records differ")
    return int(bool(different) or not shared)


def _files(store: str) -> list[Path]:
    return sorted(Path(store).glob("records/*/*.json"))


def _numbers(record: Record) -> tuple[object, ...]:
    return record.metrics, record.series, record.diverged


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
