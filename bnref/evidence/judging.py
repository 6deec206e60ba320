"""Judging: from the records of a question's cells to its finding. Measures nothing."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from statistics import median

import msgspec

from bnref.evidence.cell import Cell
from bnref.evidence.claim import Claim, Effect, PlannedCell, Rows, row
from bnref.evidence.finding import (
    NEVER_JUDGED,
    Bounds,
    Comparison,
    EffectSize,
    Finding,
    ReportedNumber,
    Status,
)
from bnref.evidence.planning import agreeing, seeds_to_decide
from bnref.evidence.question import Question
from bnref.evidence.record import Record
from bnref.evidence.sequential import Trajectory, decide_sequential
from bnref.evidence.verdict import (
    ALPHA,
    Region,
    Verdict,
    as_interval,
    decide,
    decide_exact,
    holm,
    interval,
)

CONTROL_TOLERANCES = 3.0
"""A negative control errs by at least 10^3 tolerances (docs/STATISTICS.md, exact claims)."""

Lookup = Callable[[Cell], Record | None]
Failures = Mapping[str, str]
"""What went wrong in this run: the identity of a cell -> one line."""


class Incomplete(Exception):
    """A claim cannot be judged on the records there are; the message is the finding's reason."""


def judge(question: Question, lookup: Lookup, failures: Failures) -> Finding:
    """The finding that follows from the records of a question's cells. Measures nothing."""
    claim = question.claim
    if question.setting is None:
        reason = claim.not_attempted or f"no setting at scale {question.scale}"
        return _finding(question, "not_attempted", reason)
    records: dict[str, Record] = {}
    try:
        records = _records(question.cells(), lookup, failures)
        effects = _effects(question, question.own_cells(), records)
        versus = _comparison(question, effects, records) if question.norm else None
        if question.scale == "smoke":
            raise Incomplete(NEVER_JUDGED)
        trajectory: Trajectory | None = None
        if question.sequential:
            verdict, trajectory = decide_sequential(list(effects.values()), claim.region)
        else:
            judged = decide_exact if claim.kind == "exact" else decide
            verdict = judged(list(effects.values()), claim.region)
    except Incomplete as incomplete:
        return _finding(question, "incomplete", str(incomplete), records=records)
    if trajectory and trajectory.further:
        reason = f"open after {verdict.n} seeds: at least {trajectory.further} more are needed"
        return _finding(question, "incomplete", reason, records=records, trajectory=trajectory)
    return _finding(
        question,
        verdict.outcome,
        "",
        verdict,
        effects=effects,
        versus=versus,
        records=records,
        trajectory=trajectory,
    )


def judge_all(questions: Iterable[Question], lookup: Lookup, failures: Failures) -> list[Finding]:
    """Every question judged, with Holm's adjustment over each paper's statistical claims.

    The family is every statistical claim registered from a paper at a scale: those that were not
    asked count as p = 1. Findings on other seeds, of a user's layer or not attempted are not in it.
    """
    asked = list(questions)
    findings = [judge(question, lookup, failures) for question in asked]

    def family(index: int) -> tuple[str, str, str]:
        return findings[index].cite_key, findings[index].scale, findings[index].device

    members = [
        index
        for index, f in enumerate(findings)
        if f.kind == "statistical" and f.registered and f.status != "not_attempted"
    ]
    for _, group in groupby(sorted(members, key=family), key=family):
        indices = list(group)
        size = max(asked[index].family for index in indices)
        supported = holm([_p(findings[index].p_supported) for index in indices], size)
        refuted = holm([_p(findings[index].p_refuted) for index in indices], size)
        for index, p_s, p_r in zip(indices, supported, refuted, strict=True):
            p = {"supported": p_s, "refuted": p_r}.get(findings[index].status)
            findings[index] = msgspec.structs.replace(
                findings[index], p_holm=p, confirmed=p is not None and p <= ALPHA
            )
    return findings


def _p(value: float | None) -> float:
    return 1.0 if value is None else value


def _records(cells: Sequence[PlannedCell], lookup: Lookup, failures: Failures) -> dict[str, Record]:
    """Records by cell identity. Raises Incomplete where some are missing or cannot be paired."""
    found: dict[str, Record] = {}
    missing, failed = 0, []
    for planned in cells:
        name = planned.name
        record = lookup(planned.cell)
        if record is not None:
            found[name] = record
        elif name in failures:
            failed.append(f"{planned.arm.name} seed {planned.cell.seed}: {failures[name]}")
        else:
            missing += 1
    if missing or failed:
        parts = [f"{missing} of {len(cells)} cells missing"] if missing else []
        parts += [f"{len(failed)} failed: {'; '.join(failed[:3])}"] if failed else []
        raise Incomplete(", ".join(parts))
    devices = {(r.provenance.torch, r.provenance.device_model) for r in found.values()}
    if len(devices) > 1:
        listed = " and ".join(f"torch {torch} on {model}" for torch, model in sorted(devices))
        raise Incomplete(f"records of {listed} cannot be paired")
    return found


def _effects(
    question: Question, cells: Sequence[PlannedCell], records: Mapping[str, Record]
) -> dict[int, tuple[float, float]]:
    """One effect per seed. Raises Incomplete where the claim's own code fails or a control does."""
    claim = question.claim
    effects: dict[int, tuple[float, float]] = {}
    for seed, group in groupby(cells, key=lambda planned: planned.cell.seed):
        rows = Rows(tuple(row(p.arm, records[p.name]) for p in group))
        effects[seed] = as_interval(_call(claim.effect, rows, f"{claim.id} effect, seed {seed}"))
        if claim.control is not None:
            errs = as_interval(_call(claim.control, rows, f"{claim.id} control, seed {seed}"))[0]
            if errs < CONTROL_TOLERANCES:
                raise Incomplete(
                    f"the negative control of seed {seed} errs by 10^{errs:.1f} tolerances, "
                    f"it must by 10^{CONTROL_TOLERANCES:g}: the check does not bite"
                )
    return effects


def _call(function: Callable[[Rows], Effect], rows: Rows, where: str) -> Effect:
    try:
        value = function(rows)
        as_interval(value)
    except Exception as error:
        raise Incomplete(f"{where}: {type(error).__name__}: {error}") from error
    return value


def _comparison(
    question: Question, effects: Mapping[int, tuple[float, float]], records: Mapping[str, Record]
) -> Comparison:
    """The user's effect minus batch norm's, seed by seed, against the claim's margin."""
    claim = question.claim
    rule = claim.substitution
    assert rule is not None, f"{claim.id}: checked when the claim was made"
    base = _effects(question, question.reference().cells(), records)
    pairs = [_difference(effects[seed], base[seed]) for seed in effects]
    low, high = interval(pairs)
    gains = pairs if rule.better == "higher" else [(-b, -a) for a, b in pairs]
    outcome = decide(gains, Region(-rule.margin, math.inf)).outcome
    known = [(a + b) / 2 for a, b in pairs if math.isfinite(a + b)]
    return Comparison(
        reference="batch_norm",
        difference=EffectSize(
            median=median(known) if len(known) == len(pairs) else None,
            low=_finite(low),
            high=_finite(high),
            unit=claim.unit,
            level=1 - ALPHA,
        ),
        better=rule.better,
        margin=rule.margin,
        no_worse={"supported": "yes", "refuted": "no"}.get(outcome, "undecided"),  # type: ignore[arg-type]
    )


def _difference(a: tuple[float, float], b: tuple[float, float]) -> tuple[float, float]:
    """[a] - [b]; inf - inf is unknown, so it leaves that end unbounded."""
    low, high = a[0] - b[1], a[1] - b[0]
    return (-math.inf if math.isnan(low) else low, math.inf if math.isnan(high) else high)


def _finding(
    question: Question,
    status: Status,
    reason: str,
    verdict: Verdict | None = None,
    *,
    effects: Mapping[int, tuple[float, float]] | None = None,
    versus: Comparison | None = None,
    records: Mapping[str, Record] | None = None,
    trajectory: Trajectory | None = None,
) -> Finding:
    claim, paper = question.claim, question.paper
    expectation = claim.expectation(question.scale)
    cells = question.cells()
    return Finding(
        id=question.id,
        cite_key=paper.cite_key,
        paper=f"{paper.authors} ({paper.year}). {paper.title}. {paper.venue}",
        locator=claim.locator,
        statement=claim.statement,
        protocol=claim.protocol,
        kind=claim.kind,
        version=claim.version,
        headline=claim.headline,
        scale=question.scale,
        device=question.device,
        registered=question.norm is None and (question.seeds is None or question.sequential),
        status=status,
        reason=reason,
        expected=expectation.outcome,
        because=expectation.because,
        depends_on_scale=expectation.depends_on_scale,
        effect=_effect_size(claim, verdict),
        effects=[(seed, _finite(a), _finite(b)) for seed, (a, b) in (effects or {}).items()],
        region=Bounds(lo=_finite(claim.region.lo), hi=_finite(claim.region.hi)),
        p_supported=_finite(verdict.p_supported) if verdict else None,
        p_refuted=_finite(verdict.p_refuted) if verdict else None,
        p_holm=None,
        confirmed=False,
        n_seeds=verdict.n if verdict else 0,
        seeds_for=verdict.seeds_for if verdict else 0,
        seeds_against=verdict.seeds_against if verdict else 0,
        detectable=verdict.detectable if verdict else None,
        trajectory=trajectory,
        seeds_to_decide=_seeds_to_decide(claim, status, effects),
        reported=[
            ReportedNumber(metric=r.metric, value=r.value, source=r.source) for r in claim.reported
        ],
        unverified=list(claim.unverified),
        versus_reference=versus,
        cells=[record.key for record in (records or {}).values()],
        figures=[],
        environment=_environment((records or {}).values()) if cells else {},
    )


def _seeds_to_decide(
    claim: Claim, status: Status, effects: Mapping[int, tuple[float, float]] | None
) -> int | None:
    if status != "inconclusive" or not effects:
        return None
    return seeds_to_decide(agreeing(list(effects.values()), claim.region))


def _effect_size(claim: Claim, verdict: Verdict | None) -> EffectSize | None:
    if verdict is None:
        return None
    return EffectSize(
        median=_finite(verdict.median),
        low=_finite(verdict.low),
        high=_finite(verdict.high),
        unit=claim.unit,
        level=1.0 if claim.kind == "exact" else 1 - ALPHA,
    )


def _environment(records: Iterable[Record]) -> dict[str, str]:
    """What the records say of their machine, differing values joined; nothing of this machine."""
    seen: dict[str, set[str]] = {}
    for environment in {record.environment for record in records}:
        for name, value in msgspec.to_builtins(environment).items():
            seen.setdefault(name, set()).add(str(value))
    return {name: " / ".join(sorted(values)) for name, values in sorted(seen.items())}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
