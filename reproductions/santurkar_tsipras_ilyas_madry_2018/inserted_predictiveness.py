"""Inserted in a trained plain network so that nothing changes, batch norm makes its gradient steadier.

Santurkar et al. 2018, section 3.2, figure 4 (b), with the control of SA18-8-inserted. In the pilot (seeds
50-52) the change of the gradient fell by a factor of 3.4 to 6.2, the gradient itself by 1.7 to 1.8.
"""

import math

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Rows, Substitution
from bnref.evidence.figure import Traces
from bnref.evidence.verdict import above
from reproductions.beds import leaves_chance
from reproductions.deep_perceptrons import DEEP_PROTOCOL, INSERTED_NORM, INSERTED_PROTOCOL
from reproductions.paper_beds import santurkar_settings


def smoother(rows: Rows) -> Effect:
    """log2 of the median changes of the gradient at four times the rate, without the inserted norm over with
    it."""
    row = next(iter(rows))
    if not leaves_chance(row):
        return UNDEFINED
    return math.log2(row["plain_predictiveness"] / row["inserted_predictiveness"])


CLAIM = Claim(
    id="SA18-9-inserted",
    locator="section 3.2, figure 4 (b), observation 4.3, with a control that the paper does not have",
    statement="A batch normalisation put behind every hidden layer of a plain network so that no output "
    "changes at least halves the change of the gradient after a step of four times the rate along it.",
    protocol=DEEP_PROTOCOL + INSERTED_PROTOCOL + "l2 change, median over training.",
    settings=santurkar_settings(INSERTED_NORM, images=640),
    effect=smoother,
    region=above(1.0),
    unit="log2 ratio, without the inserted norm over with it",
    figures=(
        Traces(
            series=("plain_predictiveness", "inserted_predictiveness"),
            hue="norm",
            x="step",
            log_y=True,
            x_label="training step",
            y_label="l2 change of the gradient at 4 x rate",
            title="Change of the gradient before and after a batch norm is inserted",
        ),
    ),
    substitution=Substitution(better="higher", margin=0.5),
)
