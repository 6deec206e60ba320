"""For feature maps m'/(m'-1) does not make the variance unbiased: pixels of an image are related.

Exact; what follows for section 3.2 of Ioffe & Szegedy 2015. Negative control: m images counted as m
values.
"""

from bnref.evidence.claim import Claim
from reproductions.exact import (
    BATCHES,
    DECADES,
    HOLDS,
    REORDERED,
    agreement,
    departure,
    tolerance,
)

TOLERANCE = tolerance(terms=216 + 12, magnified=10)
"""216 variances of 12 pixels; means lie within ten standard deviations."""

CLAIM = Claim(
    id="IS15-E15",
    locator="section 3.1, algorithm 2, with section 3.2",
    statement="For batches of m images of p pixels, m' = m p, and intraclass correlation rho of the pixels, "
    "the mean of m'/(m'-1) var_B is var m'/(m'-1) (1 - (1 + (p - 1) rho) / m'): the correct "
    "factor is m'/(m' - 1 - (p - 1) rho).",
    protocol="Every one of the 216 batches of 3 out of 6 images of 2x2, whose channels range from "
    "independent to equal pixels, float64; the running variance estimated again from all of them. "
    f"Worst relative error. Control: the factor m/(m-1). Tolerance {TOLERANCE:.1e}.",
    settings=BATCHES,
    kind="exact",
    effect=agreement(TOLERANCE, "images"),
    control=departure(TOLERANCE, "images"),
    region=HOLDS,
    unit=DECADES,
    substitution=REORDERED,
)
