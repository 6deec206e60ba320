"""The condition number of a product of random matrices grows exponentially (Bjorck et al. 2018, section 4).

Orthogonal matrices are the control. Pilots on seeds 0-19: 0.62 to 1.23 decades per factor.
"""

from collections.abc import Mapping
from dataclasses import replace

from bnref.evidence.claim import Claim, Rows, Setting, grid
from bnref.evidence.figure import Band
from bnref.evidence.verdict import above

DEEP = Setting(
    experiment="bnref.lab.experiments.random_products",
    arms=grid(weights=("gaussian", "orthogonal"), factors=(12,)),
    seeds=20,
    fixed={"width": 16},
)


def products(width: int, factors: int) -> Setting:
    """Larger matrices, and as many of them as float64 resolves: a condition below 12 decades."""
    weights = ("gaussian", "orthogonal")
    return replace(DEEP, arms=grid(weights=weights, factors=(factors,), width=(width,)), fixed={})


SCALES: Mapping[str, Setting] = {
    "small": DEEP,
    "smoke": DEEP.shrunk(width=8),
    "gpu": products(256, 6),
    "paper": products(512, 5),
}


def faster(rows: Rows) -> float:
    """Decades of the condition number per factor, Gaussian less orthogonal matrices."""
    gaussian, orthogonal = (
        rows.one(weights=w)["condition_slope"] for w in ("gaussian", "orthogonal")
    )
    return gaussian - orthogonal


CLAIM = Claim(
    id="BJ18-13",
    locator="section 4",
    statement="Each further Gaussian matrix multiplies the condition number of the product of a "
    "deep linear network by at least three, where orthogonal matrices leave it at one.",
    protocol="Products of one to twelve 16 x 16 matrices, Gaussian with variance 1/16 or "
    "orthogonal, float64, which resolves their condition numbers; least-squares slope of "
    "the logarithm over the number of factors.",
    settings=SCALES,
    effect=faster,
    region=above(0.5),
    unit="decades per factor",
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
