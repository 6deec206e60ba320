"""A finding: what is known of one claim. It has every key, null or empty where it has no use."""

from typing import Literal

import msgspec

from bnref.evidence.sequential import Trajectory

Status = Literal["supported", "refuted", "inconclusive", "incomplete", "not_attempted"]
NEVER_JUDGED = "scale smoke runs every code path and is never judged"


class EffectSize(msgspec.Struct, frozen=True, kw_only=True):
    """Median over seeds with its exact interval; an unbounded end is null."""

    median: float | None
    low: float | None
    high: float | None
    unit: str
    level: float


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """The region that supports the claim; an unbounded end is null."""

    lo: float | None
    hi: float | None


class ReportedNumber(msgspec.Struct, frozen=True, kw_only=True):
    """A number that the paper prints."""

    metric: str
    value: float
    source: str


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """A user's layer against batch norm: paired difference of the claim's effect, user - reference."""

    reference: str
    difference: EffectSize
    better: str
    margin: float
    no_worse: Literal["yes", "no", "undecided"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One claim, judged. `effects` holds the effect of each seed, with unbounded ends null."""

    id: str
    cite_key: str
    paper: str
    locator: str
    statement: str
    protocol: str
    kind: str
    version: int
    headline: str
    scale: str
    device: str
    registered: bool
    status: Status
    reason: str
    expected: str
    because: str
    depends_on_scale: bool
    effect: EffectSize | None
    effects: list[tuple[int, float | None, float | None]]
    region: Bounds
    p_supported: float | None
    p_refuted: float | None
    p_holm: float | None
    confirmed: bool
    n_seeds: int
    seeds_for: int
    seeds_against: int
    detectable: float | None
    trajectory: Trajectory | None
    """How the evidence grew with the seeds, where they were taken one by one (`--bn-sequential`)."""
    seeds_to_decide: int | None
    reported: list[ReportedNumber]
    unverified: list[str]
    versus_reference: Comparison | None
    cells: list[str]
    figures: list[str]
    environment: dict[str, str]


def waiting(finding: Finding) -> bool:
    """Whether nothing is wrong with a finding without a verdict: cells were left out, or smoke."""
    return finding.status == "not_attempted" or (
        finding.status == "incomplete"
        and (finding.reason == NEVER_JUDGED or finding.reason.endswith("cells missing"))
    )


def surprise(finding: Finding) -> Literal["none", "moved", "swapped"]:
    """How a verdict compares with the claim's expectation.

    "swapped": supported and refuted changed places, or a control or exact claim is not as it must
    be. "moved": to or from inconclusive, which noise can do.
    """
    if finding.status == finding.expected:
        return "none"
    decided = {"supported", "refuted"}
    if finding.kind != "statistical" or {finding.status, finding.expected} == decided:
        return "swapped"
    return "moved"
