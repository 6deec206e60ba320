"""A tenth of the learning rate makes batch norm's landscape ten times less smooth, by the paper's measure.

The reading of Santurkar et al. 2018, figures 4 (c) and 10 (c), that card SA18-10 gives: effective beta is 2
/ rate, the curvature at which descent oscillates, and no property of a network. In the pilot (seeds 50-59)
the slope of log beta on log rate was -1.01 to -0.75, in eight of ten seeds within 0.06 of -1.
"""

import math
from statistics import linear_regression, median

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Rows, Substitution, grid
from bnref.evidence.figure import Overlay
from bnref.evidence.verdict import within
from reproductions.deep_linear import (
    DEEP_LINEAR_PROTOCOL,
    LANDSCAPE_PROTOCOL,
    LINEAR_RATES,
    linear_settings,
)
from reproductions.santurkar_figures import along_steps


def slope(rows: Rows) -> Effect:
    """Slope of the log of the median effective beta on the log of the rate."""
    if any(row.diverged for row in rows):
        return UNDEFINED
    betas = [math.log(median(row.series["beta"])) for row in rows]
    rates = [math.log(float(row.arm.parameters["learning_rate"] or 0)) for row in rows]
    return linear_regression(rates, betas).slope


CLAIM = Claim(
    id="SA18-10-rate",
    locator="section 3.2, figures 4 (c) and 10 (c)",
    statement="The median effective beta of a 25-layer linear network with batch normalisation is inversely "
    "proportional to the learning rate: the slope of its logarithm on that of the rate is -1 within 0.15.",
    protocol=f"{DEEP_LINEAR_PROTOCOL} {LANDSCAPE_PROTOCOL}Rates 1e-7, 3e-7 and 1e-6; medians over training.",
    settings=linear_settings(grid(norm=("batch_norm",), learning_rate=LINEAR_RATES)),
    effect=slope,
    region=within(-1.15, -0.85),
    unit="slope of log beta on log rate",
    figures=(
        along_steps(
            "beta",
            "effective beta",
            "Effective beta-smoothness of the linear network by rate",
            *(
                Overlay(
                    points={0.0: 2 / rate, 9900.0: 2 / rate},
                    source="2 / rate",
                    line=f"batch_norm-lr{rate:g}",
                )
                for rate in LINEAR_RATES
            ),
            hue="arm",
        ),
    ),
    substitution=Substitution(better="higher", margin=0.15),
)
