"""Products of random matrices have ever fewer singular values that matter (Bjorck et al. 2018, section 4).

Pilots on seeds 0-7: 0.95 to 1.04 times the limit at width 200; 10 % is twice the worst
of them.
"""

import math
from dataclasses import replace

from bnref.evidence.claim import Claim, Rows, Setting, grid
from bnref.evidence.figure import Histogram, Overlay
from bnref.evidence.verdict import within

PRODUCTS = Setting(
    experiment="bnref.lab.experiments.random_products",
    arms=grid(weights=("gaussian",), factors=(1, 3, 5)),
    seeds=20,
    fixed={"width": 200},
)

SCALES = {
    "small": PRODUCTS,
    "smoke": PRODUCTS.shrunk(width=100),
    "gpu": replace(PRODUCTS, fixed={"width": 500}),
    "paper": replace(PRODUCTS, fixed={"width": 1000}),
}
"""The width of the paper's matrices is not known."""


def density(m: int, points: int = 60) -> dict[float, float]:
    """The limit density of the singular values s of M factors, by s (BJ18-E17).

    With 0 < phi < pi / (M + 1): s^2 = sin^(M+1)((M+1) phi) / (sin phi sin^M(M phi)), whose density is
    sin((M+1) phi) sin phi / (pi s^2 sin(M phi)); that of s is 2 s times as large.
    """
    found = {}
    for number in range(1, points):
        phi = math.pi / (m + 1) * number / points
        top, low = math.sin((m + 1) * phi), math.sin(m * phi)
        s = math.sqrt(top ** (m + 1) / (math.sin(phi) * low**m))
        if s > NEAR_ZERO:
            found[s] = 2 * top * math.sin(phi) / (math.pi * s * low)
    return dict(sorted(found.items()))


NEAR_ZERO = 0.05
"""The law's density has a pole at 0 that would press the figure flat."""

SPECTRA = Histogram(
    series="singular_values",
    hue="factors",
    x_label="singular value",
    title="Singular values of products of Gaussian matrices",
    overlay=tuple(
        Overlay(points=density(m), source=f"limit for {m} factors", line=str(m)) for m in (1, 3, 5)
    ),
)


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
