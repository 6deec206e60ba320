"""The products W u are nearer to a Gaussian than their inputs u (Ioffe & Szegedy 2015, section 3.2).

Pilot seeds 51 to 53: a fourth of the skewness, 2 on the scale of log2.
"""

import math

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Rows, Substitution
from bnref.evidence.figure import Dots
from bnref.evidence.verdict import above
from reproductions.perceptrons import RELU_AT, RELU_PROTOCOL, trained


def more_symmetric(rows: Rows) -> Effect:
    """log2 of the mean |skewness| of the inputs over that of the products, the smaller of both nets."""
    if not all(trained(row) for row in rows):
        return UNDEFINED
    return min(math.log2(row["skew_inputs"] / row["skew_products"]) for row in rows)


CLAIM = Claim(
    id="IS15-20",
    locator="section 3.2, why W u + b is normalised",
    statement="The products W u of a layer are more symmetric than its inputs u: their skewness is at most "
    "half as large, with batch normalisation and without.",
    protocol=RELU_PROTOCOL,
    settings=RELU_AT,
    effect=more_symmetric,
    region=above(1.0),
    unit="log2 of the ratio of mean |skewness|",
    figures=(
        Dots(y="skew_products", hue="norm", y_label="mean |skewness|", title="Products W u"),
        Dots(y="skew_inputs", hue="norm", y_label="mean |skewness|", title="Inputs u"),
    ),
    substitution=Substitution(better="higher", margin=0.5),
)  # fmt: skip
