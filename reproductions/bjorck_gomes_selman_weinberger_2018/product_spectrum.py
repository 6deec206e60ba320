"""The limit density for products of random matrices is that of *squared* singular values.

Exact part of BJ18-12 (Bjorck et al. 2018, section 4; the formula from memory, the text was not
seen). Negative control: read as the density of the singular values, as a figure's axis suggests.
"""

from bnref.evidence.claim import Claim, grid
from reproductions.exact import DECADES, HOLDS, agreement, departure, settings, tolerance

SPECTRUM = settings("product_spectrum", grid(factors=(1, 3, 5)), {"degree": 6}, {"degree": 2})

TOLERANCE = tolerance(terms=200, magnified=6)
"""200 nodes, and powers up to the sixth."""

CLAIM = Claim(
    id="BJ18-E17",
    locator="section 4, the theorem on products of Gaussian matrices",
    statement="The density over 0 < x < (M+1)^(M+1) / M^M for a product of M matrices has mass 1 and the "
    "moments (Mk + k)! / (k! (Mk + 1)!): mean 1 and mean square M + 1, as squared singular values "
    "have.",
    protocol="M = 1, 3, 5; Gauss-Legendre quadrature with 200 nodes over the angle that parametrises x, of "
    "random polynomials of degree 6 with positive coefficients, and the edge; float64. Worst "
    "relative error. Control: the same moments for x as the singular value. Tolerance "
    f"{TOLERANCE:.1e}.",
    settings=SPECTRUM,
    kind="exact",
    effect=agreement(TOLERANCE, "moments"),
    control=departure(TOLERANCE, "moments"),
    region=HOLDS,
    unit=DECADES,
)
