"""What the pages show, computed once, so that Markdown and HTML cannot disagree."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from bnref import __version__
from bnref.evidence.claim import Paper
from bnref.evidence.finding import Bounds, Finding, Status
from bnref.report import canvas, words
from bnref.report.drawing import Drawing
from bnref.report.judged import slug

STATUSES: tuple[Status, ...] = (
    "supported",
    "refuted",
    "inconclusive",
    "incomplete",
    "not_attempted",
)
MEANINGS: dict[Status, str] = {
    "supported": "the whole interval of the median effect lies where the claim is true",
    "refuted": "none of the interval lies where the claim is true",
    "inconclusive": "the interval lies partly inside and partly outside: these seeds do not decide",
    "incomplete": "some runs are missing or failed, so nothing is judged",
    "not_attempted": "nothing was run: the claim says why, or has no setting at this scale",
}
FEW = 20
"""With more judged claims than this, short tables show the headline claims only."""


@dataclass(frozen=True)
class Entry:
    """One claim on a page: its finding (rounded), its figures, and the seconds of each of its cells."""

    finding: Finding
    paper: Paper
    unit: str
    drawings: tuple[Drawing, ...]
    seconds: Mapping[str, float]

    @property
    def needed(self) -> str:
        """The effects that support the claim, in words."""
        if not self.finding.cells and self.finding.region == Bounds(lo=None, hi=None):
            return "–"
        return words.region(self.finding.region, self.unit)

    @property
    def cost(self) -> str:
        """How many runs the verdict rests on and what they took, those shared with others included."""
        return words.cost(self.seconds.values())

    @property
    def anchor(self) -> str:
        """The claim's place on the page."""
        return slug(self.finding.id)


@dataclass(frozen=True)
class Section:
    """The claims of one paper."""

    paper: Paper
    entries: tuple[Entry, ...]

    @property
    def counts(self) -> dict[Status, int]:
        """How many of its findings have each status, those that occur."""
        return counted(entry.finding for entry in self.entries)


@dataclass(frozen=True)
class Page:
    """Everything that a page shows."""

    sections: tuple[Section, ...]

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every claim, in the order of the page."""
        return tuple(entry for section in self.sections for entry in section.entries)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every finding, in the order of the page."""
        return tuple(entry.finding for entry in self.entries)

    @property
    def counts(self) -> dict[Status, int]:
        """How many findings have each status, those that occur."""
        return counted(self.findings)

    @property
    def first(self) -> tuple[Entry, ...]:
        """What a short table shows: every claim, or of many judged ones the headlines."""
        headlines = tuple(entry for entry in self.entries if entry.finding.headline)
        judged = sum(finding.effect is not None for finding in self.findings)
        return headlines if headlines and judged > FEW else self.entries

    @property
    def confirmed(self) -> int:
        """How many verdicts stand after Holm's adjustment."""
        return sum(finding.confirmed for finding in self.findings)

    @property
    def unconfirmed(self) -> bool:
        """Whether some verdict carries an asterisk, and so needs a footnote."""
        return any(words.star(finding) for finding in self.findings)

    @property
    def asked(self) -> str:
        """The scales and devices of the findings."""
        pairs = sorted({(finding.scale, finding.device) for finding in self.findings})
        return " and ".join(f"{scale} on {device}" for scale, device in pairs) or "none"

    @property
    def cost(self) -> str:
        """All runs, each counted once, and what they took."""
        each = {cell: s for entry in self.entries for cell, s in entry.seconds.items()}
        return words.cost(each.values())

    @property
    def environment(self) -> dict[str, str]:
        """What the records say of the machines that measured them."""
        return merged(finding.environment for finding in self.findings)


def counted(findings: Iterable[Finding]) -> dict[Status, int]:
    """How many findings have each status, those that occur, in the order of the key."""
    found = [finding.status for finding in findings]
    return {status: found.count(status) for status in STATUSES if status in found}


def page(entries: Sequence[Entry]) -> Page:
    """The page of some entries, a section for each paper in the order in which they come."""
    order = list(dict.fromkeys(entry.paper.cite_key for entry in entries))
    ordered = sorted(entries, key=lambda entry: order.index(entry.paper.cite_key))
    groups = [tuple(group) for _, group in groupby(ordered, key=lambda e: e.paper.cite_key)]
    return Page(tuple(Section(group[0].paper, group) for group in groups))


def merged(environments: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Environments as one; where they differ, every value."""
    seen: dict[str, dict[str, None]] = {}
    for environment in environments:
        for name, value in environment.items():
            seen.setdefault(name, {}).update(dict.fromkeys(value.split(" / ")))
    return {name: " / ".join(sorted(values)) for name, values in sorted(seen.items())}


def environment_line(page: Page) -> str:
    """Scale, device and versions in one line, without a date."""
    found = page.environment
    parts = [f"Scale {page.asked}"]
    parts += [f"{name} {found[name]}" for name in ("python", "torch", "numpy") if name in found]
    parts += [found[name] for name in ("device_model", "system") if name in found]
    return ", ".join(parts) + "."


def render(template: str, page: Page, **more: object) -> str:
    """A template of this package with the page's content and what else it names."""
    return templates().get_template(template).render(page=page, **more)


def _inline(drawing: Drawing, prefix: str) -> Markup:
    return Markup(canvas.inline(drawing.svg, prefix))  # ours, and its texts are escaped


@cache
def templates() -> Environment:
    """The templates of this package, each compiled once, with what every page may call."""
    environment = Environment(
        loader=PackageLoader("bnref.report"),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        md=words.markdown,
        number=words.number,
        p=words.probability,
        effect=words.short_effect,
        status=words.status,
    )
    environment.globals.update(
        words=words,
        symbols=words.SYMBOLS,
        meanings=MEANINGS,
        version=__version__,
        inline=_inline,
        environment_line=environment_line,
    )
    return environment
