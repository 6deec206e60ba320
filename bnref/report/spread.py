"""How the seeds of one condition lie: every seed where they are few, quantiles where many."""

from collections.abc import Sequence
from dataclasses import dataclass

from bnref.report import words
from bnref.report.drawing import quantile

MOST_SEEDS = 60
"""Seeds that a figure shows one by one; of more, only those outside of the outer quantiles."""


@dataclass(frozen=True)
class Spread:
    """Some values, at least one: quartiles, and the seeds that are points of their own.

    Where there are few seeds all of them are; where there are many, those outside of `outer`, the
    quantiles 0.05 and 0.95.
    """

    points: Sequence[float]
    quartiles: tuple[float, float, float]
    outer: tuple[float, float] | None
    seeds: int


def spread(values: Sequence[float], many: bool) -> Spread:
    """The spread of some values. `many` is said of a whole figure, so that its lines look alike."""
    ordered = sorted(values)
    low, middle, high = (quantile(ordered, share) for share in (0.25, 0.5, 0.75))
    if not many:
        return Spread(values, (low, middle, high), None, len(values))
    least, most = quantile(ordered, 0.05), quantile(ordered, 0.95)
    outside = [value for value in values if not least <= value <= most]
    return Spread(outside, (low, middle, high), (least, most), len(values))


def told(values: Spread | None) -> tuple[str, str, str]:
    """Median and quartiles as a table has them; dashes where there are no values."""
    if values is None:
        return ("–",) * 3
    low, middle, high = (words.number(end, 4) for end in values.quartiles)
    return middle, low, high
