"""The spread of the sigmoids' inputs changes less with batch norm (Ioffe & Szegedy 2015, figure 1 b, c).

Contested: in a reproduction whose batch norm mixes the features of a layer it grew more with than without
(tanjeffreyz/batch-normalization). Pilot seeds 50 to 59: by a factor of 33 without, of 1.3 with.
"""

import math

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Rows, Substitution
from bnref.evidence.figure import Dots
from bnref.evidence.verdict import above
from reproductions.ioffe_szegedy_2015.singular_values import SAME_START
from reproductions.perceptrons import SIGMOID_AT, SIGMOID_PROTOCOL, batch_norm, trained


def steadier(rows: Rows) -> Effect:
    """|log2| of the change of the spread over training, plain minus batch norm."""
    plain, normalised = rows.one(norm="identity", scale=1.0), batch_norm(rows, scale=1.0)
    if not (trained(plain) and trained(normalised)):
        return UNDEFINED
    return abs(math.log2(plain["spread"])) - abs(math.log2(normalised["spread"]))


CLAIM = Claim(
    id="IS15-11-spread",
    locator="section 4.1, figure 1 (b, c), the variance",
    statement="From weights of variance 1/fan_in, the spread of a sigmoid's inputs in the last hidden layer "
    "changes over training by a factor at least twice as large without batch normalisation as with it.",
    protocol=SIGMOID_PROTOCOL
    + " Weights N(0, 1/fan_in), rate 1. The 85th less the 15th percentile over 500 validation images, "
    "statistics of these images, after the last step over that before the first; median over all 100 "
    "units. With batch norm that of the normalised values stays as it is by construction; what changes "
    "is scale and shape.",
    settings=SIGMOID_AT,
    effect=steadier,
    region=above(1.0),
    unit="difference of |log2 of the change|",
    figures=(
        Dots(y="spread", hue="arm", arms=SAME_START, y_label="spread, last over first",
             title="Spread of the sigmoids' inputs"),
    ),
    substitution=Substitution(better="higher", margin=0.5),
)  # fmt: skip
