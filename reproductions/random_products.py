"""Products of random matrices (Bjorck et al. 2018, section 4) and the law of their singular values."""

import math
from collections.abc import Mapping
from dataclasses import replace

from bnref.evidence.claim import Setting, grid
from bnref.evidence.figure import Histogram, Overlay

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


def density(m: int, points: int = 60) -> Mapping[float | str, float]:
    """The limit density of the singular values s of M factors, by s (BJ18-E17).

    With 0 < phi < pi / (M + 1): s^2 = sin^(M+1)((M+1) phi) / (sin phi sin^M(M phi)), whose density is
    sin((M+1) phi) sin phi / (pi s^2 sin(M phi)); that of s is 2 s times as large.
    """
    found: dict[float | str, float] = {}
    for number in range(points - 1, 0, -1):
        phi = math.pi / (m + 1) * number / points
        top, low = math.sin((m + 1) * phi), math.sin(m * phi)
        s = math.sqrt(top ** (m + 1) / (math.sin(phi) * low**m))
        if s > NEAR_ZERO:
            found[s] = 2 * top * math.sin(phi) / (math.pi * s * low)
    return found


NEAR_ZERO = 0.05
"""The law's density has a pole at 0 that would press the figure flat."""

SPECTRA = Histogram(
    series="singular_values",
    hue="factors",
    x_label="singular value",
    title="Singular values of products of Gaussian matrices",
    overlay=tuple(
        Overlay(points=density(m), source="the limit law", line=str(m)) for m in (1, 3, 5)
    ),
)
