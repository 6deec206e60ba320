"""What a run of the kit has to do, cut into jobs, and how long that takes by the last published run."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from bnref.evidence.conformity import Document
from bnref.inspection.adapters import Adapter

MUSEUM = "museum"
ROOMS = 8
"""The jobs that the museum is cut into."""


@dataclass(frozen=True)
class Job:
    """What one worker does: an adapter's checks and conventions or, without one, bugs to try."""

    name: str
    adapter: Adapter | None
    names: tuple[str, ...]
    conventions: bool = False
    seconds: float | None = None
    """How long it took last time, where that is known."""


@dataclass(frozen=True)
class Plan:
    """The missing checks by adapter, the conventions and the bugs that are missing."""

    checks: Mapping[Adapter, Sequence[str]]
    conventions: Sequence[Adapter]
    bugs: Sequence[str]
    before: Document | None
    workers: int

    @cached_property
    def jobs(self) -> list[Job]:
        """The longest first; those that nobody has seen yet before them."""
        found = [*self._implementations(), *self._rooms()]
        return sorted(found, key=lambda job: -float("inf") if job.seconds is None else -job.seconds)

    def forecast(self) -> str:
        """How much there is to do, and how long it takes where every job was seen before."""
        parts = [
            f"{sum(map(len, self.checks.values()))} checks to run on "
            f"{len(self.checks)} implementations"
        ]
        if self.bugs:
            parts.append(f"{len(self.bugs)} layers of the museum")
        known = [job.seconds for job in self.jobs if job.seconds is not None]
        if known and len(known) == len(self.jobs):
            parts.append(f"about {max(sum(known) / self.workers, *known) / 60:.1f} min")
        plural = "s" * (self.workers != 1)
        return f"bnref: {', '.join(parts)}, {self.workers} worker{plural}"

    def _implementations(self) -> Iterator[Job]:
        seen = {one.id: one for one in (self.before.implementations if self.before else [])}
        for adapter in dict.fromkeys([*self.checks, *self.conventions]):
            names = tuple(self.checks.get(adapter, ()))
            one, seconds = seen.get(adapter.id), None
            if one and one.seconds:
                seconds = one.seconds * len(names) / max(len(one.properties), 1)
            yield Job(adapter.id, adapter, names, adapter in self.conventions, seconds)

    def _rooms(self) -> Iterator[Job]:
        rooms = [names for n in range(ROOMS) if (names := tuple(self.bugs[n::ROOMS]))]
        for number, names in enumerate(rooms, start=1):
            seconds = None
            if self.before and self.before.mutants and self.before.museum_seconds:
                seconds = self.before.museum_seconds * len(names) / len(self.before.mutants)
            yield Job(f"{MUSEUM} {number} of {len(rooms)}", None, names, seconds=seconds)
