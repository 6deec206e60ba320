"""The products W u are not sparse, as their inputs u are (Ioffe & Szegedy 2015, section 3.2 and 5).

Pilot seed 50, 400 steps: 3 % of the products and 52 to 54 % of the inputs are next to zero.
"""

import math

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Rows, Substitution
from bnref.evidence.figure import Dots
from bnref.evidence.verdict import above
from reproductions.perceptrons import RELU_AT, RELU_PROTOCOL, trained


def less_sparse(rows: Rows) -> Effect:
    """log2 of the share of inputs next to zero over that of products, the smaller of both nets."""
    if not all(trained(row) for row in rows):
        return UNDEFINED
    return min(math.log2(row["sparse_inputs"] / row["sparse_products"]) for row in rows)


CLAIM = Claim(
    id="IS15-20-sparse",
    locator="section 3.2 and section 5",
    statement="Of the products W u of a layer at most a quarter as many are next to zero as of its inputs u, "
    "with batch normalisation and without.",
    protocol=RELU_PROTOCOL + " Next to zero is nearer than 0.05 of the unit's standard deviations; of a "
    "Gaussian around zero that is 4 %.",
    settings=RELU_AT,
    effect=less_sparse,
    region=above(2.0),
    unit="log2 of the ratio of shares",
    figures=(
        Dots(y="sparse_products", hue="norm", scale=100.0, y_label="next to zero (%)",
             title="Products W u"),
        Dots(y="sparse_inputs", hue="norm", scale=100.0, y_label="next to zero (%)", title="Inputs u"),
    ),
    substitution=Substitution(better="higher", margin=0.5),
)  # fmt: skip
