"""With batch norm an image's batch mates act as noise in training (Ioffe & Szegedy 2015, section 3.4).

Pilot seeds 50 to 53: new mates make the training loss 2.5 to 3 times as large with batch norm, and leave
it as it is without.
"""

import math

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Rows, Substitution
from bnref.evidence.figure import Dots
from bnref.evidence.verdict import above
from reproductions.perceptrons import trained
from reproductions.regularisation import MATES_AT, MATES_PROTOCOL


def harder(rows: Rows) -> Effect:
    """log2 of the training losses, new mates over kept ones, with batch norm minus without."""
    if not all(trained(row) for row in rows):
        return UNDEFINED
    plain, normalised = rows.where(norm="identity"), rows.without(norm=("identity",))
    by_norm, by_chance = (
        math.log2(new["train_loss"] / kept["train_loss"]) for new, kept in (normalised, plain)
    )
    return by_norm - by_chance


CLAIM = Claim(
    id="IS15-17",
    locator="section 3.4",
    statement="With batch normalisation, batches that are composed anew make the training images harder to "
    "fit: the training loss is at least 1.4 times as large as with fixed batches, relative to the same "
    "ratio without normalisation.",
    protocol=MATES_PROTOCOL + " Mean training loss of the last epoch, in the mode that trains.",
    settings=MATES_AT,
    effect=harder,
    region=above(0.5),
    unit="log2 of the ratio of ratios",
    figures=(
        Dots(y="train_loss", hue="arm", y_label="training loss of the last epoch",
             title="New and kept batch mates"),
    ),
    substitution=Substitution(better="higher", margin=0.5),
)  # fmt: skip
