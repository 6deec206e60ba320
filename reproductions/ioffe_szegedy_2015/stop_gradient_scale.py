"""With the variance held constant in the gradient a scale runs away, with no effect on the output.

Exact (Ioffe & Szegedy 2015, section 2, seen in an experiment that is not reported). In continuous
time a^2 grows by 2 eta |c|: this is the law of the steps. Negative control: that a stays, as with
the true gradient.
"""

from bnref.evidence.claim import Claim
from reproductions.exact import (
    DECADES,
    HOLDS,
    STOP_GRADIENT,
    agreement,
    departure,
    tolerance,
)

TOLERANCE = tolerance(terms=64 + 100, magnified=10)
"""A gradient sums 64 values, the path 100 steps; means lie within ten standard deviations."""

CLAIM = Claim(
    id="IS15-E11",
    locator="section 2",
    statement="Where the gradient takes the variance that is divided by for a constant, a scale a before it "
    "moves though output and loss stay as they are: with c = a dl/da < 0, a_t^2 = a_0^2 - 2 eta c "
    "t + eta^2 c^2 sum_(k<t) 1/a_k^2, without bound.",
    protocol="Batch norm without eps whose gradient stops at the variance, x = a u, only a trained for 100 "
    "steps at 0.05, for each of 16 units a squared loss that a larger output would lower, "
    "float64. Worst relative error of a_t^2 and of the losses. Control: that a stays. For c > 0 a "
    f"shrinks to zero, where a step has no bound. Tolerance {TOLERANCE:.1e}.",
    settings=STOP_GRADIENT,
    kind="exact",
    effect=agreement(TOLERANCE, "scale"),
    control=departure(TOLERANCE, "scale"),
    region=HOLDS,
    unit=DECADES,
)
