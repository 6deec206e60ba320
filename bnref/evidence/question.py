"""A question: a claim asked at one scale on one device, with whose layer and on which seeds."""

from dataclasses import dataclass, replace
from functools import cached_property

from bnref.evidence.claim import (
    Claim,
    Paper,
    PlannedCell,
    Setting,
    factory_name,
    plan,
)
from bnref.evidence.sequential import CAP


@dataclass(frozen=True)
class Question:
    """A claim asked at one scale on one device, with whose layer and on which seeds."""

    paper: Paper
    claim: Claim
    scale: str
    device: str
    seeds: tuple[int, ...] | None = None
    norm: str | None = None
    family: int = 0
    """How many statistical claims are registered from the paper at this scale, run or not."""
    sequential: bool = False
    """Whether seeds are taken one by one until they decide; its cells are those of `seeds`, or of all
    that there can be."""

    @property
    def id(self) -> str:
        """The finding's id: the claim's, with @factory where a user's layer stands in."""
        return f"{self.claim.id}@{factory_name(self.norm)}" if self.norm else self.claim.id

    @property
    def setting(self) -> Setting | None:
        """The claim's setting at this scale, with the user's layer in its place."""
        setting = self.claim.settings.get(self.scale)
        return setting.substituting(self.norm) if setting and self.norm else setting

    def cells(self) -> tuple[PlannedCell, ...]:
        """The cells that the verdict rests on, the reference's first where a layer is compared."""
        own = self.own_cells()
        if self.norm is None:
            return own
        reference = self.reference().cells()
        known = {planned.name for planned in reference}
        return reference + tuple(p for p in own if p.name not in known)

    def own_cells(self) -> tuple[PlannedCell, ...]:
        """The cells of this question alone, without the reference it is compared with."""
        return self._planned

    @cached_property
    def _planned(self) -> tuple[PlannedCell, ...]:
        """Judging and every figure ask for them, so they are planned once."""
        setting, seeds = self.setting, self.seeds
        if self.sequential and seeds is None:
            seeds = self.first_seeds(CAP)
        return plan(setting, self.scale, self.device, seeds) if setting else ()

    def first_seeds(self, count: int) -> tuple[int, ...]:
        """So many judged seeds in numerical order."""
        return tuple(self.setting.judged_seeds(count)) if self.setting else ()

    def reference(self) -> "Question":
        """The same question asked of batch norm itself."""
        return replace(self, norm=None)
