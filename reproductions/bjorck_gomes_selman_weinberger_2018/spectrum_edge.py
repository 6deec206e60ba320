"""The largest singular value of a product lies at the edge of the law (Bjorck et al. 2018, section 4).

Pilots on seeds 50-69: -0.12 to 0.03, median -0.05, nineteen of twenty within the bounds.
"""

import math

from bnref.evidence.claim import Claim, Reported, Rows
from bnref.evidence.verdict import within
from reproductions.random_products import SCALES, SPECTRA


def from_the_edge(rows: Rows) -> float:
    """ln of the largest singular value over the edge, of the number of factors where it errs most."""
    found = []
    for row in rows:
        m = int(row.arm.parameters["factors"] or 0)
        found.append(math.log(row["largest"] / math.sqrt((m + 1) ** (m + 1) / m**m)))
    return max(found, key=abs)


CLAIM = Claim(
    id="BJ18-12-edge",
    locator="section 4, theorem 1 and the figure of singular values",
    statement="The largest singular value of a product of M Gaussian matrices is within 10 % of the root of "
    "(M + 1)^(M + 1) / M^M, for M = 1, 3 and 5.",
    protocol="The products of BJ18-12. The worst of the three counts.",
    settings=SCALES,
    effect=from_the_edge,
    region=within(-math.log(1.1), math.log(1.1)),
    unit="ln of the ratio to the edge",
    reported=tuple(
        Reported(
            metric=f"largest singular value, {factors} factors (law: {law})",
            value=value,
            source="read off the figure of singular values",
        )
        for factors, value, law in ((1, 2.0, "2.00"), (3, 3.1, "3.08"), (5, 3.9, "3.86"))
    ),
    figures=(SPECTRA,),
)
