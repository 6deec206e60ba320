"""What the conformance kit found: results kept on a shelf of the store, created once.

They are no records of cells: a result is words as well as numbers, and what it depends on is the kit,
the adapter and the packages that the adapter imports rather than an experiment, its data and torch.
"""

from pathlib import Path
from typing import Generic, Literal, TypeVar

import msgspec

from bnref.evidence.cell import digest
from bnref.evidence.store import Fault, NewFile, StoreError, create

Status = Literal["conforms", "deviates", "not_applicable", "broken"]


class Basis(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a result depends on: digests of the kit and of the code it judges, versions, device."""

    kit: str
    code: str
    packages: dict[str, str]
    device_model: str


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one check found in one implementation: its worst finding, in words and numbers.

    `declared` is why the implementation says beforehand that it deviates, where it does.
    """

    status: Status
    ulp: float | None
    best_ulp: float | None
    tolerance_ulp: float | None = None
    what: str = ""
    expected: str = ""
    found: str = ""
    declared: str = ""
    reproduction: str = ""

    @property
    def fails(self) -> bool:
        """Whether it lacks the property."""
        return self.status in ("deviates", "broken")

    @property
    def as_declared(self) -> bool:
        """Whether it has the property, or lacks it as declared."""
        return self.status == "not_applicable" or self.fails == bool(self.declared)


class Checked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One check of one implementation: the answer, by name and version, and when."""

    adapter: str
    check: str
    seed: int
    basis: Basis
    name: str
    version: str
    outcome: Outcome
    seconds: float
    date: str
    content: str = ""

    @property
    def key(self) -> str:
        """The name of this result in the store."""
        return key(self.adapter, self.check, self.seed, self.basis)


class Mutant(msgspec.Struct, frozen=True, kw_only=True):
    """A historical bug, the checks that are meant to see it, and those that do."""

    id: str
    links: list[str]
    meant_for: list[str]
    killed_by: list[str]
    sentence: str = ""


class Tried(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One bug of the museum, or the layer without any, run through every check of one kit."""

    basis: Basis
    seed: int
    mutant: Mutant
    seconds: float
    date: str
    content: str = ""

    @property
    def key(self) -> str:
        """The name of this result in the store."""
        return key("museum", self.mutant.id, self.seed, self.basis)


class Chosen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The conventions of an implementation as measured, or the reason why they are not."""

    adapter: str
    basis: Basis
    row: dict[str, str | float]
    reason: str
    date: str
    content: str = ""

    @property
    def key(self) -> str:
        """The name of these conventions in the store."""
        return key(self.adapter, "conventions", 0, self.basis)


class Alarms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The checks that a correct layer did not pass as declared at one seed: none."""

    adapter: str
    seed: int
    basis: Basis
    alarms: list[str]
    date: str
    content: str = ""

    @property
    def key(self) -> str:
        """The name of this seed in the store."""
        return key(self.adapter, "false alarms", self.seed, self.basis)


Kind = TypeVar("Kind", bound=Alarms | Checked | Chosen | Tried)


def key(subject: str, check: str, seed: int, basis: Basis) -> str:
    """The name under which the store keeps what was found."""
    return digest({"subject": subject, "check": check, "seed": seed, "basis": basis})


def sealed(found: Kind) -> Kind:
    """The same with the digest of its content, so that tampering shows."""
    blank = msgspec.structs.replace(found, content="")
    return msgspec.structs.replace(blank, content=digest(blank))


class Shelf(Generic[Kind]):
    """Results of one kind in the store at `root`, one immutable file each."""

    def __init__(self, root: Path, kind: type[Kind]) -> None:
        self.root, self.kind = root, kind
        self.faults: list[Fault] = []

    def path(self, key: str) -> Path:
        """Where the result of this key lies."""
        return self.root / "conformance" / key[:2] / f"{key}.json"

    def get(self, key: str) -> Kind | None:
        """The result of this key, or None where there is none that can be trusted."""
        path = self.path(key)
        try:
            found = msgspec.json.decode(path.read_bytes(), type=self.kind)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as error:
            self._fault(path, str(error))
            return None
        if found.key != key or sealed(found).content != found.content:
            self._fault(path, "its content does not match its digest or its name")
            return None
        return found

    def put(self, found: Kind) -> None:
        """Keep a result. The first of a key stands. Raises StoreError where it cannot be written."""
        kept = sealed(found)
        data = msgspec.json.encode(kept)
        file = NewFile(self.path(kept.key), data, lambda: self._has(kept.key))
        try:
            create(self.root / "aside", [file])
        except OSError as error:
            raise StoreError(f"store {self.root}: {error.strerror or error}") from error

    def _has(self, key: str) -> bool:
        return self.get(key) is not None

    def _fault(self, path: Path, reason: str) -> None:
        fault = Fault(path=str(path.relative_to(self.root)), reason=reason)
        if fault not in self.faults:
            self.faults.append(fault)
