"""Products of random matrices have ever fewer singular values that matter (Bjorck et al. 2018, section 4).

Pilots on seeds 0-7: 0.95 to 1.04 times the limit at width 200; 10 % is twice the worst
of them.
"""

import math

from bnref.evidence.claim import Claim, Rows
from bnref.evidence.verdict import within
from reproductions.random_products import SCALES, SPECTRA


def from_the_law(rows: Rows) -> float:
    """log2 of participation times (factors + 1), of the number of factors where it errs most."""
    found = [
        math.log2(row["participation"] * (int(row.arm.parameters["factors"] or 0) + 1))
        for row in rows
    ]
    return max(found, key=abs)


CLAIM = Claim(
    id="BJ18-12",
    locator="section 4, theorem 1 and the figure of singular values",
    statement="The participation ratio of the squared singular values of a product of M Gaussian "
    "matrices is within 10 % of its limit 1/(M + 1), for M = 1, 3 and 5.",
    protocol="Matrices of 200 x 200 entries N(0, 1/200), float64. Participation (sum s^2)^2 / (200"
    " sum s^4), which is 1 for equal singular values. The worst of the three products "
    "counts.",
    settings=SCALES,
    effect=from_the_law,
    region=within(math.log2(0.9), math.log2(1.1)),
    unit="log2 ratio to 1/(M + 1)",
    figures=(SPECTRA,),
)
