"""Numbers and verdicts as a reader is told them: short, in plain English, the same on every page."""

import math
import re
from collections.abc import Collection

from bnref.evidence.finding import Bounds, Comparison, EffectSize, Finding, Status

SYMBOLS: dict[Status, str] = {
    "supported": "✓",
    "refuted": "✗",
    "inconclusive": "◐",
    "incomplete": "…",
    "not_attempted": "–",
}
"""The shape that goes with each verdict, so that none is told by colour alone."""
NARROW = "\u00a0"
"""A space at which no line breaks."""


def status(value: str) -> str:
    """A status as a word on a page."""
    return value.replace("_", " ")


def number(value: float, digits: int = 3) -> str:
    """A number for reading: three significant digits, a true minus sign, powers of ten spelt out."""
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    if -4 <= size < 6:
        shown = round(value, max(digits - 1 - size, 0))
        text = f"{shown:,.{max(digits - 1 - size, 0)}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    else:
        mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        raised = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
        text = f"{mantissa} × 10{raised}"
    return text.replace("-", "−")


def probability(value: float | None) -> str:
    """A p-value with two digits; a dash where there is none."""
    if value is None:
        return "–"
    return "< 0.0001" if value < 0.0001 else f"{float(f'{value:.2g}'):g}"


def with_unit(text: str, unit: str) -> str:
    """A number followed by its unit, which may be empty."""
    return f"{text} {unit}".strip()


def cost(seconds: Collection[float]) -> str:
    """Runs and the time that they took on one core: "24 runs, 19 core-seconds"."""
    return f"{len(seconds):,} runs, {number(sum(seconds))} core-seconds"


def region(bounds: Bounds, unit: str) -> str:
    """The effects that support a claim: "at least 2 percentage points"."""
    if bounds.lo is not None and bounds.hi is not None:
        return with_unit(f"between {number(bounds.lo)} and {number(bounds.hi)}", unit)
    if bounds.lo is not None:
        return with_unit(f"at least {number(bounds.lo)}", unit)
    if bounds.hi is not None:
        return with_unit(f"at most {number(bounds.hi)}", unit)
    return "any"


def ends(finding: Finding) -> tuple[float, float]:
    """The interval with its infinities, which are null in JSON.

    A null end is unbounded, except where the status says that the whole interval lies beyond every
    number: "at least m" is supported without a low end only by +inf, and refuted without a high end
    only by -inf.
    """
    effect, region = finding.effect, finding.region
    assert effect is not None, "only a judged finding has an interval"
    low = -math.inf if effect.low is None else effect.low
    high = math.inf if effect.high is None else effect.high
    if effect.low is None and finding.status == "supported" and region.hi is None:
        return math.inf, math.inf
    if effect.high is None and finding.status == "refuted" and region.hi is None:
        return -math.inf, -math.inf
    return low, high


def brackets(low: float, high: float) -> str:
    """An interval as mathematics writes it, open where it is unbounded."""
    left, right = ("(" if math.isinf(low) else "["), (")" if math.isinf(high) else "]")
    return f"{left}{number(low)},{NARROW}{number(high)}{right}"


def short_effect(finding: Finding) -> str:
    """Median and interval for a table: "3.1 [2.4, 3.9] percentage points"."""
    effect = finding.effect
    if effect is None:
        return "–"
    low, high = ends(finding)
    if low == high and math.isinf(low):
        return number(low)
    median = "unbounded" if effect.median is None else number(effect.median)
    return with_unit(f"{median} {brackets(low, high)}", effect.unit)


def _span(low: float, high: float) -> str:
    if math.isfinite(low) and math.isfinite(high):
        return f"from {number(low)} to {number(high)}"
    if math.isfinite(low):
        return f"from {number(low)} upwards without bound"
    if math.isfinite(high):
        return f"from {number(high)} downwards without bound"
    return "over every number"


def _found(finding: Finding, effect: EffectSize) -> str:
    low, high = ends(finding)
    if low == high and math.isinf(low):
        return f"the median effect lies {'above' if low > 0 else 'below'} every finite number"
    middle = "is not bounded" if effect.median is None else f"is {number(effect.median)}"
    span = with_unit(_span(low, high), effect.unit)
    if effect.level == 1.0:
        return f"the median effect {middle}; over the seeds it ranges {span}"
    return f"the median effect {middle}; its exact {100 * effect.level:g}{NARROW}% interval runs {span}"


def verdict(finding: Finding) -> str:
    """What was found, in two or three sentences that name scale, seeds, interval and region."""
    if finding.status == "not_attempted":
        return f"Not attempted at scale {finding.scale}: {finding.reason}."
    if finding.status == "incomplete" or finding.effect is None:
        return f"Not judged: {finding.reason}."
    first = (
        f"{status(finding.status).capitalize()} at scale {finding.scale}: over {finding.n_seeds} "
        f"seeds {_found(finding, finding.effect)}."
    )
    return f"{first} {_why(finding, region(finding.region, finding.effect.unit))}"


def _why(finding: Finding, wanted: str) -> str:
    if finding.kind == "exact":
        return (
            f"An identity has to hold in every seed ({wanted}), and it does."
            if finding.status == "supported"
            else f"An identity has to hold in every seed ({wanted}); it fails in "
            f"{finding.seeds_against} of {finding.n_seeds}."
        )
    if finding.status == "supported":
        return f"All of it lies where the claim is true ({wanted})."
    if finding.status == "refuted":
        return (
            f"None of it lies where the claim is true ({wanted}). This speaks of scale "
            f"{finding.scale}, not of the setting of the paper."
        )
    more = ""
    if finding.detectable is not None and finding.effect is not None:
        amount = with_unit(number(finding.detectable), finding.effect.unit)
        both = finding.region.lo is not None and finding.region.hi is not None
        what = f"a region of half-width {amount}" if both else f"an effect of {amount}"
        more = f" With this many seeds {what} would be supported four times in five."
    return (
        f"It lies partly inside and partly outside of what the claim needs ({wanted}).{more} "
        f"{seeds_to_decide(finding)}"
    )


def seeds_to_decide(finding: Finding) -> str:
    """How many seeds would decide an inconclusive claim, if these seeds are typical."""
    if finding.status != "inconclusive":
        return ""
    if finding.seeds_to_decide is None:
        return (
            "About as many seeds lie on one side as on the other: not even 200 seeds like these "
            "would decide it."
        )
    return (
        f"If seeds go on to agree as often as these {finding.n_seeds} did, {finding.seeds_to_decide} "
        "would decide it, four times in five."
    )


def printed(finding: Finding) -> str:
    """The paper's own numbers for a table; those known only second-hand are not repeated."""
    told = [f"{r.metric}: {number(r.value, 4)}" for r in finding.reported]
    return "; ".join([*told, *(f"{what}: not verified" for what in finding.unverified)]) or "–"


def why_unverified(finding: Finding) -> str:
    """Which numbers of the paper are left out, and why."""
    if not finding.unverified:
        return ""
    return (
        f"The paper also gives: {'; '.join(finding.unverified)}. We could not verify these numbers "
        "in the paper and do not repeat them."
    )


def confirmation(finding: Finding) -> str:
    """Whether the verdict stands after Holm's adjustment over the claims of its paper."""
    if finding.kind == "exact":
        return "exact, no p"
    if finding.kind == "control":
        return "control"
    if not finding.registered:
        return "not registered"
    if finding.p_holm is None:
        return "–"
    p = (
        probability(finding.p_holm)
        if finding.p_holm < 0.0001
        else f"= {probability(finding.p_holm)}"
    )
    return f"{'yes' if finding.confirmed else 'no'} (p {p})".replace("p ", f"p{NARROW}").replace(
        "= ", f"={NARROW}"
    )


def capital(text: str) -> str:
    """The text with a capital first letter and the rest as it is."""
    return text[:1].upper() + text[1:]


def star(finding: Finding) -> str:
    """An asterisk where a verdict is not confirmed, for a footnote."""
    decided = finding.status in ("supported", "refuted") and finding.kind == "statistical"
    return "*" if decided and not finding.confirmed else ""


def difference(effect: EffectSize) -> str:
    """The median and interval of a paired difference, whose null ends are unbounded."""
    low = -math.inf if effect.low is None else effect.low
    high = math.inf if effect.high is None else effect.high
    median = "an unbounded amount" if effect.median is None else number(effect.median)
    return with_unit(f"{median} {brackets(low, high)}", effect.unit)


def surprise(finding: Finding) -> str:
    """What was expected and why, where that is not "supported" or not what was found."""
    judged = finding.status in ("supported", "refuted", "inconclusive")
    because = f" {capital(finding.because.rstrip('.'))}." if finding.because else ""
    if judged and finding.status != finding.expected:
        return f"Not as expected, which was: {finding.expected}.{because}"
    if finding.expected != "supported":
        return f"Expected before this run: {finding.expected}.{because}"
    return ""


def comparison(versus: Comparison) -> str:
    """A user's layer against the reference, in one sentence."""
    answer = {"yes": "It is", "no": "It is not", "undecided": "It is undecided whether it is"}
    return (
        f"Against {versus.reference}, seed by seed, the effect differs by "
        f"{difference(versus.difference)} ({versus.better} is better). "
        f"{answer[versus.no_worse]} no worse than the margin of {number(versus.margin)}."
    )


def markdown(text: str) -> str:
    """Text in which Markdown finds nothing to interpret, also inside a table."""
    escaped = re.sub(r"([\\`*<>|\[\]$])", r"\\\1", " ".join(str(text).split()))
    return re.sub(r"(?<!\w)_|_(?!\w)", r"\\_", escaped)
