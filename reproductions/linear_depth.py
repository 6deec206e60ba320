"""Deep linear networks of Bjorck et al. 2018, section 4, trained from good and bad products of matrices."""

import math
from collections.abc import Mapping
from dataclasses import replace

from bnref.evidence.claim import Effect, Row, Rows, Setting, grid
from bnref.evidence.figure import Curve

STARTS = ("gaussian", "orthogonal", "normalised")
SHALLOW, DEEP = 2, 12

LINEAR = Setting(
    experiment="bnref.lab.experiments.linear_depth",
    arms=grid(weights=STARTS, factors=(SHALLOW, 6, DEEP)),
    seeds=12,
    fixed={"width": 16, "lowest": -7, "highest": 1, "steps": 300},
)
"""Factors of 16 x 16 as in BJ18-13. In pilots (seeds 50-56) orthogonal ones take 1 to 3 steps at twelve."""

LINEAR_SCALES: Mapping[str, Setting] = {
    "small": LINEAR,
    "smoke": LINEAR.shrunk(lowest=-5, highest=-4),
    "gpu": replace(LINEAR, fixed={**LINEAR.fixed, "width": 64, "lowest": -10, "steps": 2000}),
    "paper": replace(LINEAR, fixed={**LINEAR.fixed, "width": 128, "lowest": -12, "steps": 10_000}),
}

LINEAR_PROTOCOL = (
    "Linear networks of 2, 6 and 12 factors of 16 x 16 learn to multiply by an orthogonal matrix: gradient "
    "descent on the mean square error over white inputs, float64, rates 2^-7 to 2 in factors of two, until "
    "the loss is half that of the zero map, at most 300 steps. Factors start Gaussian with variance 1/16, "
    "orthogonal, or Gaussian with batch norm (no scale, no shift) behind all but the last. "
)


def largest_rate(row: Row) -> float | None:
    """The largest rate that brings the loss down; None where none does."""
    return None if row.diverged else row["largest_rate"]


def steps(row: Row) -> Effect:
    """The fewest steps over the rates; between the budget and infinity where no rate gets there."""
    budget = max(row.series["needed"])
    return (budget, math.inf) if row.diverged else row["steps"]


def two_depths(rows: Rows, weights: str) -> tuple[Row, Row]:
    """The shallow and the deep network from this start."""
    shallow, deep = (rows.one(weights=weights, factors=m) for m in (SHALLOW, DEEP))
    return shallow, deep


def by_depth(metric: str, y_label: str, title: str) -> Curve:
    """The figure of these claims: a metric against depth, a line for each start."""
    return Curve(
        x="factors",
        y=metric,
        hue="weights",
        log_y=True,
        x_label="factors",
        y_label=y_label,
        title=title,
    )


RATE_BY_DEPTH = by_depth(
    "largest_rate", "largest rate that halves the loss", "Largest rate by depth, linear networks"
)
STEPS_BY_DEPTH = by_depth(
    "steps", "fewest steps to half the loss", "Fewest steps by depth, linear networks"
)
