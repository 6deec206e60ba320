"""How fast the condition number grows is what the Lyapunov exponents say (Newman 1986).

Pilots on seeds 0-19: -0.48 to 0.51 doublings around the law, as one product of twelve scatters.
"""

import math

from bnref.evidence.claim import Claim, Rows
from bnref.evidence.figure import Band
from bnref.evidence.verdict import within
from reproductions.bjorck_gomes_selman_weinberger_2018.conditioning import SCALES


def law(width: int) -> float:
    """[psi(width/2) - psi(1/2)] / 2 in decades, psi the digamma function: 0.864 at 16."""
    return (sum(1 / k for k in range(1, width // 2)) + 2 * math.log(2)) / (2 * math.log(10))


def from_the_law(rows: Rows) -> float:
    """log2 of the slope for Gaussian matrices over the law's."""
    gaussian = rows.one(weights="gaussian")
    return math.log2(
        gaussian["condition_slope"] / law(int(gaussian.arm.parameters.get("width") or 16))
    )


CLAIM = Claim(
    id="BJ18-13-law",
    locator="section 4",
    statement="The condition number of a product of M Gaussian matrices of width N grows by "
    "[psi(N/2) - psi(1/2)] / 2 per factor in natural logarithms, within a factor of 1.5.",
    protocol="The Gaussian products of BJ18-13: N = 16 and M up to 12. The law is the "
    "difference between the largest and the least Lyapunov exponent, exact for many factors.",
    settings=SCALES,
    effect=from_the_law,
    region=within(-math.log2(1.5), math.log2(1.5)),
    unit="log2 ratio to the law",
    figures=(
        Band(
            series="condition",
            hue="weights",
            x="factors",
            x_label="factors",
            y_label="log10 condition number",
            title="Condition number of products of random matrices",
        ),
    ),
)
