"""Reductions that several claims share: from the rows of one seed to a number or an interval."""

import math
from collections.abc import Callable, Sequence
from statistics import median, quantiles

from bnref.evidence.claim import UNDEFINED, Effect, Row, Rows

LEAST_MATCHED = 5


def largest(rows: Sequence[Row], parameter: str, trains: Callable[[Row], bool]) -> Effect | None:
    """The largest value of the parameter at which a run trains; None where none does.

    Where the top of the grid still trains the number is censored: [top, inf].
    """
    values = [float(row.arm.parameters[parameter] or 0) for row in rows if trains(row)]
    if not values:
        return None
    top = max(float(row.arm.parameters[parameter] or 0) for row in rows)
    return (top, math.inf) if max(values) == top else max(values)


def log_ratio(a: Effect | None, b: Effect | None, base: float) -> Effect:
    """log(a/b) of two positive, perhaps censored numbers. An arm that never trains is 0: ±inf.

    Undefined where neither trains.
    """
    if a is None and b is None:
        return UNDEFINED
    a_low, a_high = _ends(a)
    b_low, b_high = _ends(b)
    return _log(a_low, b_high, base, -math.inf), _log(a_high, b_low, base, math.inf)


def headroom(rows: Rows, reference: str, trains: Callable[[Row], bool], base: float) -> Effect:
    """log of the largest training rate of batch norm over that of the reference normaliser."""
    with_norm = rows.without(norm=("identity", "group_norm"))
    return log_ratio(
        largest(with_norm, "learning_rate", trains),
        largest(rows.where(norm=reference), "learning_rate", trains),
        base,
    )


def contrast(rows: Rows, metric: str, entry: Callable[[Row], bool]) -> Effect:
    """log2 of a metric without a normaliser over the same with batch norm.

    Undefined unless every arm meets the entry condition: a network that never trained is flat.
    """
    plain, normalised = rows.one(norm="identity"), rows.without(norm=("identity",))[0]
    if not (entry(plain) and entry(normalised)):
        return UNDEFINED
    return math.log2(plain[metric] / normalised[metric])


def matched(rows: tuple[Row, Row], series: str, by: str) -> tuple[float, float] | None:
    """Medians of a series of two runs over the entries at which `by`, a loss say, is in their common range.

    From the larger of the lower deciles of `by` to the smaller of the upper ones; None where either run
    has fewer than five entries there.
    """
    if min(len(row.series[by]) for row in rows) < LEAST_MATCHED:
        return None
    deciles = [quantiles(row.series[by], n=10) for row in rows]
    low, high = max(ten[0] for ten in deciles), min(ten[-1] for ten in deciles)
    found = [
        [v for v, at in zip(row.series[series], row.series[by], strict=True) if low <= at <= high]
        for row in rows
    ]
    if min(map(len, found)) < LEAST_MATCHED:
        return None
    return median(found[0]), median(found[1])


def less(a: Effect, b: Effect) -> Effect:
    """a - b of two finite or censored numbers; where both are infinite nothing is known."""
    (a_low, a_high), (b_low, b_high) = _ends(a), _ends(b)
    low, high = a_low - b_high, a_high - b_low
    return -math.inf if math.isnan(low) else low, math.inf if math.isnan(high) else high


def _ends(value: Effect | None) -> tuple[float, float]:
    if value is None:
        return 0.0, 0.0
    return value if isinstance(value, tuple) else (value, value)


def _log(a: float, b: float, base: float, unknown: float) -> float:
    """log(a/b) with 0 and inf; inf/inf and 0/0 say nothing, so they become `unknown`."""
    if a == b and (a == 0 or math.isinf(a)):
        return unknown
    if a == 0 or math.isinf(b):
        return -math.inf
    if b == 0 or math.isinf(a):
        return math.inf
    return math.log(a / b, base)


def points(row: Row, errors: str = "test_errors") -> float:
    """The error rate of a row in percent, from the count of errors on the test images."""
    return 100 * row[errors] / row["test_images"]
