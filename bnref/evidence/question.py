"""A question: a claim asked at one scale on one device, with whose layer and on which seeds."""

from dataclasses import dataclass, replace

from bnref.evidence.cell import identity
from bnref.evidence.claim import Claim, Paper, PlannedCell, Setting, factory_name, plan


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
        own = self._plan(self.setting)
        if self.norm is None:
            return own
        reference = self.reference().cells()
        known = {identity(planned.cell) for planned in reference}
        return reference + tuple(p for p in own if identity(p.cell) not in known)

    def own_cells(self) -> tuple[PlannedCell, ...]:
        """The cells of this question alone, without the reference it is compared with."""
        return self._plan(self.setting)

    def reference(self) -> "Question":
        """The same question asked of batch norm itself."""
        return replace(self, norm=None)

    def _plan(self, setting: Setting | None) -> tuple[PlannedCell, ...]:
        return plan(setting, self.scale, self.device, self.seeds) if setting else ()
