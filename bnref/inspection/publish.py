"""The results of a run, together with those published before, as the document behind the pages."""

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from bnref.conformance import checks
from bnref.evidence import conformity
from bnref.evidence.checked import Checked
from bnref.evidence.conformity import Check, Document, Implementation, Value
from bnref.inspection.adapters import adapters
from bnref.inspection.run import Asked, Run
from bnref.report.conformance import write


def publish(root: Path, run: Run, asked: Iterable[Asked], *, whole: bool) -> Path:
    """Write the document and its pages, to reports/ after a whole run. Returns the page to read."""
    reports = root / "reports"
    before = conformity.read(reports / "conformance.json") if whole else None
    folder = reports if whole else root / ".bnref" / "report"
    write(folder, document(run, asked, before))
    return folder / "conformance.html"


def document(run: Run, asked: Iterable[Asked], before: Document | None) -> Document:
    """All that was found. An implementation that cannot run here keeps what is published of it."""
    known, wanted = adapters(), list(dict.fromkeys(one.adapter for one in asked))
    order = list(known)
    found = {i.id: i for i in (before.implementations if before else []) if i.id in known}
    for name, results in groupby(run.results.values(), key=lambda result: result.adapter):
        found[name] = _implementation(list(results), known[name].ours)
    reasons = {adapter.id: reason(run, adapter.id, adapter.missing) for adapter in wanted}
    return Document(
        checks=[
            Check(id=check.name, property=check.sentence, links=list(check.links))
            for check in checks().values()
        ],
        mutants=run.museum.mutants if run.museum else before.mutants if before else [],
        false_alarms=run.museum.false_alarms if run.museum else [],
        implementations=sorted(found.values(), key=lambda i: (not i.ours, order.index(i.id))),
        conventions=_conventions(run, before, order),
        not_run={name: why for name, why in reasons.items() if why and name not in found},
    )


def _conventions(run: Run, before: Document | None, order: list[str]) -> list[dict[str, Value]]:
    rows = {str(row["id"]): row for row in (before.conventions if before else [])}
    for name, found in run.conventions.items():
        told = found.row or {"name": name, "not_measured": found.reason}
        rows[name] = {"id": name, **told, "measured": found.date}
    return [rows[name] for name in order if name in rows]


def reason(run: Run, adapter: str, missing: tuple[str, ...]) -> str:
    """Why an implementation has no results; empty where it has."""
    if missing:
        return f"{' and '.join(missing)} not installed here (pip install 'bnref[frameworks]')"
    return run.failures.get(adapter, "")


def _implementation(results: list[Checked], ours: bool) -> Implementation:
    first = results[0]
    return Implementation(
        id=first.adapter,
        name=first.name,
        version=first.version,
        ours=ours,
        measured=max(result.date for result in results),
        kit=first.basis.kit,
        packages=first.basis.packages,
        device_model=first.basis.device_model,
        properties={result.check: result.outcome for result in results},
    )
