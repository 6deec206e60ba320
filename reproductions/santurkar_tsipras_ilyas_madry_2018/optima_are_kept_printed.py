"""Observation 4.3 for the layers that the paper's theory has, which have no bias; see SA18-O3.

Exact (Santurkar et al. 2018, observation 4.3, section 4.1: y = XW). Judged only where optima with a
bias are kept in the same run. Negative control: those with gamma = 1 and beta = 0.
"""

from bnref.evidence.claim import Claim
from reproductions.exact import (
    DECADES,
    HOLDS,
    OPTIMA,
    REORDERED,
    as_printed,
    departure,
    refuted,
    tolerance,
)

TOLERANCE = tolerance(terms=64, magnified=1e2)
"""64 samples, and least squares of a condition number up to about a hundred."""

CLAIM = Claim(
    id="SA18-O3-printed",
    locator="observation 4.3, with layers y = XW",
    statement="An optimum of a layer without bias stays stationary once a batch norm with gamma = sd and "
    "beta = mean follows.",
    protocol="Least squares of 8 units on 64 samples of 6 inputs with offsets, no bias, no eps, float64. "
    "The largest derivative relative to the magnitudes that it adds up, residuals counted at the "
    f"size of target and output. Tolerance {TOLERANCE:.1e}.",
    settings=OPTIMA,
    kind="exact",
    effect=as_printed(TOLERANCE, printed="unbiased", corrected="kept"),
    control=departure(TOLERANCE, "kept"),
    region=HOLDS,
    unit=DECADES,
    expected=refuted(
        "Without a bias residuals need not have mean zero, and the batch norm adds that degree of "
        "freedom: X' P g is not zero though X' g is."
    ),
    substitution=REORDERED,
)
