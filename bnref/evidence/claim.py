"""A claim: one falsifiable sentence, its source, and the experiment that decides it."""

import itertools
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from bnref.evidence.cell import Cell, Value, identity
from bnref.evidence.figure import Figure
from bnref.evidence.record import Record
from bnref.evidence.verdict import Outcome, Region

SCALES = ("smoke", "small", "gpu", "paper")
FIRST_JUDGED_SEED = 100
UNDEFINED = (-math.inf, math.inf)
"""The effect of a seed that says nothing (no arm trained): it counts against every verdict."""
ANY = Region(-math.inf, math.inf)
"""The region of a claim that is not attempted."""

Effect = float | tuple[float, float]
SHORT = {"batch_size": "b", "learning_rate": "lr", "momentum": "m", "steps": "t", "share": "p"}
"""How a grid's numbers are written in arm names and test ids."""


@dataclass(frozen=True, kw_only=True)
class Paper:
    """Where claims come from. `cite_key` names the BibTeX entry."""

    cite_key: str
    title: str
    authors: str
    year: int
    venue: str
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class Reported:
    """A number that the paper itself prints, with where it was seen; never one from memory.

    `unit` is the claim's own where the number is the paper's effect: it is drawn beside ours.
    """

    metric: str
    value: float
    source: str
    unit: str = ""


@dataclass(frozen=True)
class Arm:
    """One condition of an experiment: a short name for ids, and its parameters."""

    name: str
    parameters: Mapping[str, Value]


def grid(**axes: Sequence[Value]) -> tuple[Arm, ...]:
    """All combinations of the axes, in order: grid(norm=("a", "b"), batch_size=(2, 4)).

    Names read like the id of the run: strings as they are, numbers behind the axis' short form.
    """
    return tuple(
        Arm(
            "-".join(_name(axis, value) for axis, value in zip(axes, values, strict=True)),
            dict(zip(axes, values, strict=True)),
        )
        for values in itertools.product(*axes.values())
    )


def _name(axis: str, value: Value) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if isinstance(value, str) else f"{SHORT.get(axis, axis)}{text}"


@dataclass(frozen=True, kw_only=True)
class Setting:
    """An experiment at one scale: its arms, what they share, and how many seeds are judged."""

    experiment: str
    arms: tuple[Arm, ...]
    seeds: int
    fixed: Mapping[str, Value] = field(default_factory=dict)
    first_seed: int = FIRST_JUDGED_SEED
    """A later one where these cells had been seen on the seeds from 100 on when the claim was made."""

    def judged_seeds(self, count: int | None = None) -> range:
        """The seeds of the verdict, or the first so many that there are for one.

        Those below 100 are pilots and are never judged.
        """
        return range(self.first_seed, self.first_seed + (self.seeds if count is None else count))

    def unseen(self, arms: tuple[Arm, ...] | None = None) -> "Setting":
        """The same, or these arms of it, on seeds that no other claim is judged on: 200 and on."""
        return replace(self, arms=arms or self.arms, first_seed=2 * FIRST_JUDGED_SEED)

    def packs(self) -> set[int]:
        """How many seeds are measured as one, in any of the arms."""
        found = ({**self.fixed, **arm.parameters}.get("pack", 1) for arm in self.arms)
        return {size for size in found if isinstance(size, int)}

    def shrunk(self, **fixed: Value) -> "Setting":
        """The same code path in a fraction of the time, for the scale `smoke`: one seed."""
        return replace(self, seeds=1, fixed={**self.fixed, **fixed})

    def substituting(self, norm: str) -> "Setting":
        """The same setting with the user's layer in every arm that has batch norm."""
        return replace(self, arms=tuple(_substituted(arm, norm) for arm in self.arms))


def _substituted(arm: Arm, norm: str) -> Arm:
    if arm.parameters.get("norm") != "batch_norm":
        return arm
    name = arm.name.replace("batch_norm", factory_name(norm))
    return Arm(name, {**arm.parameters, "norm": norm})


def factory_name(norm: str) -> str:
    """The last part of package.module:factory, which names the layer in ids."""
    return norm.rpartition(":")[2]


@dataclass(frozen=True)
class Row:
    """One arm of one seed, as an effect sees it. A missing metric raises KeyError."""

    arm: Arm
    metrics: Mapping[str, float]
    series: Mapping[str, Sequence[float]]
    diverged: bool

    def __getitem__(self, metric: str) -> float:
        return self.metrics[metric]


@dataclass(frozen=True)
class Rows:
    """All rows of one seed. Its methods select by parameters of the arm."""

    rows: tuple[Row, ...]

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def where(self, **parameters: Value) -> tuple[Row, ...]:
        """The rows whose arm has these parameters, in the order of the setting."""
        return tuple(
            row
            for row in self.rows
            if all(row.arm.parameters.get(name) == value for name, value in parameters.items())
        )

    def without(self, norm: tuple[str, ...]) -> tuple[Row, ...]:
        """The rows of other normalisers: batch norm's, or those of the layer in its place."""
        return tuple(row for row in self.rows if row.arm.parameters.get("norm") not in norm)

    def one(self, **parameters: Value) -> Row:
        """The only row with these parameters. Raises LookupError where there is not exactly one."""
        found = self.where(**parameters)
        if len(found) != 1:
            raise LookupError(f"{len(found)} rows have {parameters}, expected exactly one")
        return found[0]


def says_nothing(rows: Rows) -> Effect:
    """The effect of a claim that is not attempted."""
    return UNDEFINED


@dataclass(frozen=True, kw_only=True)
class Substitution:
    """How a user's layer in the place of batch norm is compared with it, on the claim's effect."""

    better: Literal["higher", "lower"]
    margin: float


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """The verdict that is known for a scale, and why where it is not "supported"."""

    outcome: Outcome
    because: str = ""
    depends_on_scale: bool = False
    """Whether `because` says that an experiment of another size may decide otherwise."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One falsifiable sentence and how it is tested.

    `effect` reduces all rows of one seed to one number, or to an interval where the number is
    censored; it is positive in the paper's direction. `region` holds the effects that support the
    claim. `kind` is "exact" for identities (every seed must hold, `control` must err by at least
    1000 tolerances) and "control" for checks of this project itself.

    A claim that cannot be approached says why in `not_attempted` and has no settings, effect or
    region: it is on every page and never judged. `reported` holds numbers seen in the paper;
    `unverified` names those that are known only second-hand, without their values. Claims with
    a `headline`, a few words for figures and at most twenty of them, are measured and shown first.
    """

    id: str
    locator: str
    statement: str
    settings: Mapping[str, Setting] = field(default_factory=dict)
    effect: Callable[[Rows], Effect] = says_nothing
    region: Region = ANY
    unit: str = ""
    not_attempted: str = ""
    protocol: str = ""
    kind: Literal["statistical", "exact", "control"] = "statistical"
    control: Callable[[Rows], float] | None = None
    reported: tuple[Reported, ...] = ()
    unverified: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    expected: Mapping[str, Expectation] = field(default_factory=dict)
    substitution: Substitution | None = None
    tuning: Setting | None = None
    version: int = 1
    headline: str = ""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*", self.id):
            raise ValueError(f"claim id {self.id!r}: letters, digits and hyphens only")
        attempted = bool(self.settings)
        if attempted == bool(self.not_attempted):
            raise ValueError(
                f"{self.id}: either settings or, in `not_attempted`, why there are none"
            )
        if (self.effect is says_nothing) == attempted or (self.region == ANY) == attempted:
            raise ValueError(
                f"{self.id}: a claim with settings, and only it, has effect and region"
            )
        for scale, setting in self.settings.items():
            if scale not in SCALES:
                raise ValueError(f"{self.id}: unknown scale {scale!r}, one of {', '.join(SCALES)}")
            if setting.first_seed < FIRST_JUDGED_SEED or setting.first_seed % FIRST_JUDGED_SEED:
                raise ValueError(
                    f"{self.id}: judged seeds start at a multiple of {FIRST_JUDGED_SEED}, "
                    f"not at {setting.first_seed}"
                )
            if any(FIRST_JUDGED_SEED % size for size in setting.packs()):
                raise ValueError(
                    f"{self.id}: a pack must divide {FIRST_JUDGED_SEED}, or pilots run judged seeds"
                )
            names = [arm.name for arm in setting.arms]
            if len(set(names)) != len(names):
                raise ValueError(f"{self.id}: two arms of scale {scale} have one name")
        if (self.kind == "exact") != (self.control is not None):
            raise ValueError(f"{self.id}: an exact claim, and only it, has a negative control")
        if self.substitutable and self.substitution is None:
            raise ValueError(
                f"{self.id}: an arm has batch_norm, so `substitution` must be declared"
            )

    @property
    def substitutable(self) -> bool:
        """Whether a user's layer can take the place of batch norm in some arm, at some scale."""
        return any(map(self.substitutable_at, self.settings))

    def substitutable_at(self, scale: str) -> bool:
        """Whether it can at this scale, where networks may be others that only have batch norm."""
        setting = self.settings.get(scale)
        arms = setting.arms if setting else ()
        return any(arm.parameters.get("norm") == "batch_norm" for arm in arms)

    def expectation(self, scale: str) -> Expectation:
        """The known verdict at this scale; "supported" where none is written down."""
        return self.expected.get(scale, Expectation(outcome="supported"))


@dataclass(frozen=True)
class PlannedCell:
    """A cell with the names that the claim gives it."""

    arm: Arm
    cell: Cell

    @cached_property
    def name(self) -> str:
        """The cell's identity, kept: one judgement asks for it many times."""
        return identity(self.cell)


def plan(
    setting: Setting, scale: str, device: str, seeds: Sequence[int] | None = None
) -> tuple[PlannedCell, ...]:
    """The cells of a setting, seed by seed, so that a stopped run leaves whole seeds."""
    arms = [(arm, {**setting.fixed, **arm.parameters}) for arm in setting.arms]
    return tuple(
        PlannedCell(
            arm,
            Cell(
                experiment=setting.experiment,
                arm=parameters,
                seed=seed,
                scale=scale,
                device=device,
            ),
        )
        for seed in (setting.judged_seeds() if seeds is None else seeds)
        for arm, parameters in arms
    )


def row(arm: Arm, record: Record) -> Row:
    """A record as the effect of a claim sees it."""
    return Row(arm, record.metrics, record.series, record.diverged)
