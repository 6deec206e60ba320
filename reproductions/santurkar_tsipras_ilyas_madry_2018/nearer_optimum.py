"""A batch norm makes a ray of every optimum, and the start is nearer to the ray.

Exact (Santurkar et al. 2018, lemma 4.5). The paper's bound is an inequality as another optimum may
be nearer still. Negative control: a dimension lost in the gain.
"""

from bnref.evidence.claim import Claim
from reproductions.exact import (
    DECADES,
    HOLDS,
    OPTIMA,
    REORDERED,
    agreement,
    departure,
    tolerance,
)

TOLERANCE = tolerance(terms=64, magnified=1e2)
"""64 samples, and least squares of a condition number up to about a hundred."""

CLAIM = Claim(
    id="SA18-L5",
    locator="lemma 4.5",
    statement="With a batch norm after it k w is as good an optimum as w for every k > 0, so for <w_0, w> > "
    "0 the nearest is nearer to w_0 than w by |w|^2 (1 - <w_0, w> / |w|^2)^2 in squared distance, "
    "for each unit.",
    protocol="Optima of least squares with bias of 8 units on 64 samples of 6 inputs, random starts, no "
    "eps, float64: outputs and derivatives at k w as in SA18-O3, and the gain relative to |w_0|^2 "
    f"+ |w|^2. Control: (|w|^2 - <w_0, w>)^2 / |w|. Tolerance {TOLERANCE:.1e}.",
    settings=OPTIMA,
    kind="exact",
    effect=agreement(TOLERANCE, "nearest"),
    control=departure(TOLERANCE, "nearest"),
    region=HOLDS,
    unit=DECADES,
    substitution=REORDERED,
)
