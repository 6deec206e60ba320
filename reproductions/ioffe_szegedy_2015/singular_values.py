"""Batch norm brings the singular values of Jacobians between layers nearer to one (section 3.3).

Pilot seeds 50 and 51, after training: mean |ln s| 1.26 and 1.29 with batch norm, 2.70 and 2.65 without.
"""

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Rows, Substitution
from bnref.evidence.figure import Dots
from bnref.evidence.verdict import above
from reproductions.perceptrons import SIGMOID_AT, SIGMOID_PROTOCOL, batch_norm, trained

SAME_START = ("identity-fan_in", "batch_norm-fan_in")


def nearer(rows: Rows) -> Effect:
    """Mean |ln s| without a normaliser minus that with batch norm, after training."""
    plain, normalised = rows.one(norm="identity", scale=1.0), batch_norm(rows, scale=1.0)
    if not (trained(plain) and trained(normalised)):
        return UNDEFINED
    return plain["distance_end"] - normalised["distance_end"]


CLAIM = Claim(
    id="IS15-9",
    locator="section 3.3, the conjecture on singular values",
    statement="After training, the singular values s of the Jacobians between consecutive normalised layers "
    "are nearer to one with batch normalisation: mean |ln s| is smaller by at least 0.5, a factor of 1.6.",
    protocol=SIGMOID_PROTOCOL
    + " Weights N(0, 1/fan_in), rate 1. Jacobians from one layer's normalised values to the next "
    "one's, in evaluation mode, of four images; without a normaliser between the inputs of the "
    "sigmoids. A sigmoid's slope is at most 1/4, so that the plain network's values are small.",
    settings=SIGMOID_AT,
    effect=nearer,
    region=above(0.5),
    unit="mean |ln s|, plain minus batch norm",
    figures=(
        Dots(y="distance_end", hue="arm", arms=SAME_START, y_label="mean |ln s|",
             title="Singular values after training"),
        Dots(y="distance_start", hue="arm", arms=SAME_START, y_label="mean |ln s|",
             title="Singular values at the start"),
    ),
    substitution=Substitution(better="higher", margin=0.2),
)  # fmt: skip
