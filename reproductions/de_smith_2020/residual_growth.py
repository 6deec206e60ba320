"""The mean square of a residual stream is multiplied at every block: by two where nothing is scaled.

Exact part of DS20-1 and of the recursion behind DS20-4 and DS20-6 (De & Smith 2020, section 2), for
linear branches. Negative control: growth that is not compounded, as behind a batch norm.
"""

from bnref.evidence.claim import Arm, Claim
from reproductions.exact import (
    DECADES,
    HOLDS,
    agreement,
    departure,
    settings,
    tolerance,
)

GROWTH = settings(
    "residual_growth",
    (
        Arm("plain", {"alpha": 1.0, "skip": 1.0}),
        Arm("one-over-root-depth", {"alpha": 3**-0.5, "skip": 1.0}),
        Arm("divided-by-root-two", {"alpha": 0.5**0.5, "skip": 0.5**0.5}),
    ),
    {"width": 2, "depth": 3, "batch_size": 16},
    {"batch_size": 2},
)

TOLERANCE = tolerance(terms=4096)
"""A mean over 4,096 networks."""

CLAIM = Claim(
    id="DS20-1-law",
    locator="section 2",
    statement="For linear branches of independent weights that keep the mean square, E|x_d|^2 = (skip^2 + "
    "alpha^2)^d |x_0|^2 over the weights: 2^d without normalisation, (1 + 1/d)^d with alpha = "
    "1/sqrt(d), constant where the sum is divided by sqrt(2).",
    protocol="Three blocks x + alpha W x of width 2, every one of the 4,096 networks whose weights are "
    "+-1/sqrt(2), 16 inputs over four decades, float64. Worst relative error. Control: skip^2 (1 "
    "+ d alpha^2). Enumeration makes the mean over weights exact; for ReLU branches the law is "
    f"not. Tolerance {TOLERANCE:.1e}.",
    settings=GROWTH,
    kind="exact",
    effect=agreement(TOLERANCE, "growth"),
    control=departure(TOLERANCE, "growth"),
    region=HOLDS,
    unit=DECADES,
)
