"""The summary page: what holds, what does not, what depends on scale; headline claims first."""

from collections.abc import Callable
from dataclasses import dataclass

from bnref.evidence.finding import Finding
from bnref.report.page import Entry, Page

FEW = 8
"""A group of more claims than this shows its headline claims, and the others folded away."""


@dataclass(frozen=True)
class Group:
    """Claims of which the same can be said, headline claims first."""

    title: str
    meaning: str
    entries: tuple[Entry, ...]

    @property
    def first(self) -> tuple[Entry, ...]:
        """Those that the page shows at once."""
        if len(self.entries) <= FEW:
            return self.entries
        return tuple(entry for entry in self.entries if entry.finding.headline)

    @property
    def rest(self) -> tuple[Entry, ...]:
        """Those that unfold."""
        return self.entries[len(self.first) :]


def _scaled(finding: Finding) -> bool:
    return finding.depends_on_scale and finding.effect is not None


def _holds(finding: Finding) -> bool:
    return finding.status == "supported" and not _scaled(finding)


GROUPS: tuple[tuple[str, str, Callable[[Finding], bool]], ...] = (
    (
        "What holds",
        "The whole interval of the effect lies where the claim is true.",
        lambda f: _holds(f) and f.kind == "statistical",
    ),
    (
        "What does not hold",
        "None of the interval lies where the claim is true, at the scale of this run.",
        lambda f: f.status == "refuted" and not _scaled(f),
    ),
    (
        "What depends on scale",
        "Before it was judged the claim's file gave the size of the experiment as the reason for what "
        "to expect: a larger one may decide otherwise.",
        _scaled,
    ),
    (
        "What these seeds do not decide",
        "The interval lies partly inside and partly outside.",
        lambda f: f.status == "inconclusive" and not _scaled(f),
    ),
    (
        "What holds exactly",
        "Identities, in every seed to within rounding.",
        lambda f: _holds(f) and f.kind == "exact",
    ),
    (
        "What was not judged",
        "Not attempted, or not complete.",
        lambda f: f.effect is None,
    ),
)


def groups(page: Page) -> tuple[Group, ...]:
    """Every claim once, under the first title that fits it; groups without claims are left out."""
    about_world = [entry for entry in page.entries if entry.finding.kind != "control"]
    about_world.sort(key=lambda entry: not entry.finding.headline)
    controls = tuple(entry for entry in page.entries if entry.finding.kind == "control")
    found = [
        Group(title, meaning, tuple(entry for entry in about_world if fits(entry.finding)))
        for title, meaning, fits in GROUPS
    ]
    known = "This project's own claims, whose verdict is known beforehand."
    found.append(Group("Controls", known, controls))
    return tuple(group for group in found if group.entries)
