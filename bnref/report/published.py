"""The published records: one sorted JSON-lines file per experiment, judged again by anyone."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from bnref.evidence.cell import identity
from bnref.evidence.claim import Claim, Paper
from bnref.evidence.provenance import ProvenanceError, code_digest
from bnref.evidence.question import Question
from bnref.evidence.record import Record
from bnref.evidence.registry import family
from bnref.evidence.store import StoreError, read_lines, write_lines
from bnref.report.judged import Judged, judged

SCALE = "small"
"""The scale whose findings are published."""


def load(reports: Path) -> list[Record]:
    """Every published record. Raises StoreError where a file cannot be read or trusted."""
    records = []
    for path in _files(reports):
        try:
            records += read_lines(path)
        except OSError as error:
            raise StoreError(f"{path.name}: {error.strerror or error}") from error
    return records


def publish(reports: Path, records: Iterable[Record]) -> None:
    """Replace the published records; files of experiments that are no longer there go."""
    by_experiment: dict[str, dict[str, Record]] = {}
    for record in records:
        name = record.cell.experiment.rpartition(".")[2]
        by_experiment.setdefault(name, {})[record.key] = record
    for name, group in sorted(by_experiment.items()):
        write_lines(reports / "records" / f"{name}.jsonl", list(group.values()))
    for path in _files(reports):
        if path.stem not in by_experiment:
            path.unlink()


def _files(reports: Path) -> list[Path]:
    return sorted(path for path in (reports / "records").glob("*.jsonl") if path.name[0] != ".")


def older(records: Iterable[Record]) -> int:
    """How many records were measured by code that has changed since, or is gone."""
    return sum(record.provenance.code != _current(record) for record in records)


def _current(record: Record) -> str | None:
    norm = record.cell.arm.get("norm")
    try:
        return code_digest(record.cell.experiment, str(norm) if norm else None)
    except ProvenanceError:
        return None


def judged_again(
    claims: Mapping[str, tuple[Paper, Claim]], records: Iterable[Record]
) -> list[Judged]:
    """Every claim judged on published records alone. Raises StoreError where they contradict."""
    found: dict[str, Record] = {}
    for record in records:
        name = identity(record.cell)
        if name in found and found[name] != record:
            raise StoreError(
                f"two published records of one run of {record.cell.experiment}, seed "
                f"{record.cell.seed}: publish again from one store"
            )
        found[name] = record
    devices = sorted({record.cell.device for record in found.values()})
    if len(devices) != 1:
        raise StoreError(
            f"published records come from {len(devices)} devices ({', '.join(devices)}): one is needed"
        )
    questions = [
        Question(paper, claim, SCALE, devices[0], family=family(claims, paper, SCALE))
        for paper, claim in claims.values()
    ]
    return judged(questions, lambda cell: found.get(identity(cell)), {})
