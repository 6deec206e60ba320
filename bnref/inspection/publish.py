"""The results of a run, together with those published before, as the document behind the pages.

conformance.json is the record of what was published: what a run cannot measure where it runs keeps the
results that are there, with their date and their kit. So each environment publishes what it has.
"""

from collections import Counter
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from bnref.conformance import checks
from bnref.evidence import conformity
from bnref.evidence.checked import Checked
from bnref.evidence.conformity import Check, Document, Implementation, Seeds, Value
from bnref.inspection import alarms
from bnref.inspection.adapters import adapters
from bnref.inspection.run import Asked, Run
from bnref.report import conformance


def published(root: Path) -> Document | None:
    """What is published, None where nothing is. Raises StoreError where it is damaged."""
    return conformity.read(root / "reports" / conformance.SOURCE)


def publish(root: Path, run: Run, asked: Iterable[Asked], *, whole: bool) -> Path:
    """Write the document and its pages, to reports/ after a whole run. Returns the page to read."""
    folder = root / "reports" if whole else root / ".bnref" / "report"
    write = conformance.publish if whole else conformance.write
    write(folder, document(run, asked, published(root) if whole else None))
    return folder / "conformance.html"


def document(run: Run, asked: Iterable[Asked], before: Document | None) -> Document:
    """All that was found. An implementation that was not run through all that was asked keeps what
    is published of it.
    """
    asked, known = list(asked), adapters()
    order, wanted = list(known), Counter(one.adapter for one in asked)
    found = {i.id: i for i in (before.implementations if before else []) if i.id in known}
    for name, group in groupby(run.results.values(), key=lambda result: result.adapter):
        results = list(group)
        if len(results) == wanted[known[name]] or name not in found:
            found[name] = _implementation(results, known[name].ours)
    reasons = {adapter.id: reason(run, adapter.id, adapter.missing) for adapter in wanted}
    museum = run.museum
    return Document(
        kit=run.kit,
        checks=[
            Check(id=check.name, property=check.sentence, links=list(check.links))
            for check in checks().values()
        ],
        mutants=museum.mutants if museum else before.mutants if before else [],
        false_alarms=museum.false_alarms if museum else before.false_alarms if before else [],
        clean=_clean(run.store, before),
        museum_seconds=museum.seconds if museum else before.museum_seconds if before else 0.0,
        implementations=sorted(found.values(), key=lambda i: (not i.ours, order.index(i.id))),
        conventions=_conventions(run, before, order),
        not_run={name: why for name, why in reasons.items() if why and name not in found},
    )


def _clean(store: Path, before: Document | None) -> dict[str, Seeds]:
    """Where this store has seen fewer seeds than are published, what is published stands."""
    here, there = alarms.counted(store, range(alarms.SEEDS)), before.clean if before else {}
    newer = {name: new for name, new in here.items() if new.seeds}
    kept = {name: old for name, old in there.items() if name in here}
    return kept | {
        n: new for n, new in newer.items() if n not in kept or new.seeds >= kept[n].seeds
    }


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
        seconds=round(sum(result.seconds for result in results), 1),
    )
