"""`bnref report`: judge the published records again, then write the pages or compare them."""

import gc
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path

from bnref.evidence import registry
from bnref.evidence.claim import Claim, Paper
from bnref.report import conformance, published, readme
from bnref.report.drawn import painters
from bnref.report.judged import Judged
from bnref.report.write import contents, write

Claims = Mapping[str, tuple[Paper, Claim]]
NOTHING = "Nothing published yet: reports/records/ holds no records (`make bench` measures them)."


def report(root: Path) -> int:
    """Write reports/ and the README's blocks from the published records. Returns the exit code."""
    if conformance.rewrite(root / "reports"):
        print("Conformance pages written from reports/conformance.json.")
    claims = registry.load(root)
    with painters(_figures(claims)) as pool:
        judged = _judged(root, claims)
        if judged is None:
            return 0
        readme.with_blocks(
            "README.md", readme.read(root / "README.md"), dict.fromkeys(readme.BLOCKS, "")
        )
        paths = write(root / "reports", judged, pool)
    changed = readme.update(root / "README.md", judged)
    print(f"{len(judged)} claims judged, {len(paths)} files written to reports/.")
    print(f"README.md: {'verdicts updated' if changed else 'up to date'}.")
    return 0


def check(root: Path) -> int:
    """Compare reports/ and the README with the published records. Writes and measures nothing."""
    found = conformance.differences(root / "reports")
    claims = registry.load(root)
    with painters(_figures(claims)) as pool:
        judged = _judged(root, claims)
        if judged is not None:
            found += differences(root / "reports", judged, pool)
            found += _stale_blocks(root / "README.md", judged)
    for line in found:
        print(line, file=sys.stderr)
    if judged is None:
        return 1 if found else 0
    records = published.load(root / "reports")
    print(f"{published.older(records)} of {len(records)} published records are of older code.")
    if not found:
        print("reports/ and README.md agree with the published records.")
    return 1 if found else 0


def differences(reports: Path, judged: list[Judged], pool: Executor | None = None) -> list[str]:
    """What in `reports` is not what its records give, each in one line with what to do."""
    wanted = contents(judged, pool)
    lines = []
    for name, content in wanted.items():
        path = reports / name
        if not path.is_file():
            lines.append(f"reports/{name}: missing: run `bnref report` and commit it")
        elif path.read_bytes() != content:
            lines.append(
                f"reports/{name}: differs from what its records give: run `bnref report` in the "
                "environment of constraints.txt and commit it"
            )
    lines += [
        f"reports/figures/{path.name}: no page shows it: run `bnref report`"
        for path in sorted((reports / "figures").glob("*"))
        if f"figures/{path.name}" not in wanted
    ]
    return lines


def _stale_blocks(path: Path, judged: list[Judged]) -> list[str]:
    stale = readme.stale(path.name, readme.read(path), readme.blocks(judged))
    return [
        f"{path.name}: block {name!r} is not what the records give: run `bnref report`"
        for name in stale
    ]


def _figures(claims: Claims) -> int:
    """How many figures there can be: those that are declared, and the effects of each claim."""
    return sum(len(claim.figures) + 1 for _, claim in claims.values() if claim.settings)


def _judged(root: Path, claims: Claims) -> list[Judged] | None:
    with _uncollected():
        records = published.load(root / "reports")
        if not records:
            print(NOTHING)
            return None
        return published.judged_again(claims, records)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the collector of reference cycles: records and findings have none, and there are many.

    It would look at all of them again and again, a quarter of the time of reading and judging, and
    then at every figure; so what is here at the end is left out of what it looks at.
    """
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if on:
            gc.enable()
