"""What theorem 4.1 takes off the gradient is a large part of it.

Santurkar et al. 2018, section 4.1, the discussion under theorem 4.1, which calls <1, g>^2 significant and
<g, yhat> bounded away from zero. For a g without direction either, over ||g||^2, is a chi-square of one
degree whose median is 0.455. In the pilot (seeds 50-58) both were 0.25 to 0.28.
"""

import math

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Expectation, Rows, Substitution
from bnref.evidence.figure import Band, Overlay
from bnref.evidence.verdict import above
from reproductions.deep_perceptrons import DEEP_PROTOCOL, UNIT_GRADIENTS
from reproductions.paper_beds import santurkar_settings
from reproductions.santurkar_tsipras_ilyas_madry_2018.unit_gradient_in_training import entered

CHANCE = 0.455
"""Median of chi-square of one degree of freedom."""
SHARES = {"mean_share": "<1, g>^2 / ||g||^2", "yhat_share": "<g, yhat>^2 / ||g||^2"}


def larger_than_chance(rows: Rows) -> Effect:
    """log2 of a share in the median unit over that of a gradient without direction, the smaller of two."""
    row = entered(rows)
    return UNDEFINED if row is None else math.log2(min(row[name] for name in SHARES) / CHANCE)


CLAIM = Claim(
    id="SA18-T1-shares",
    locator="theorem 4.1, the discussion under it",
    statement="During training <1, g>^2 and <g, yhat>^2, which theorem 4.1 takes off m ||g||^2, are in the "
    "median unit each at least twice as large as for a gradient without direction.",
    protocol=DEEP_PROTOCOL
    + "Every five steps, on the batch that trains: g, the gradient of a hidden unit's normalised outputs, "
    "yhat those before weight and bias. Median over units, mean over steps. Judged where it and its plain "
    "twin end above 30 %.",
    settings=santurkar_settings(UNIT_GRADIENTS, images=640),
    effect=larger_than_chance,
    region=above(1.0),
    unit="log2 of the share over chance",
    expected={
        "small": Expectation(
            outcome="refuted",
            because="Gradients that come down through the next layer's batch norm have lost both parts "
            "there, and have less of them than chance would give.",
        )
    },
    figures=tuple(
        Band(
            series=name,
            hue="norm",
            x="step",
            x_label="training step",
            y_label=f"{formula}, median unit",
            title="What theorem 4.1 takes off, in multiples of ||g||^2 / m",
            overlay=(
                Overlay(points={0.0: CHANCE, 195.0: CHANCE}, source="gradient without direction"),
            ),
        )
        for name, formula in SHARES.items()
    ),
    substitution=Substitution(better="higher", margin=0.5),
)
