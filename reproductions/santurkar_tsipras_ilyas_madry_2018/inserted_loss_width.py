"""Put into a trained plain network so that nothing changes, batch norm narrows the loss along the gradient.

Santurkar et al. 2018, section 3.2, figure 4 (a): along two runs weights and losses differ, too; here only the
parametrisation does (card SA18-10, test c). In the pilot (seeds 50-52) widths fell by a factor of 8 to 14.
"""

import math

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Rows, Substitution
from bnref.evidence.figure import Traces
from bnref.evidence.verdict import above
from reproductions.beds import leaves_chance
from reproductions.deep_perceptrons import DEEP_PROTOCOL, INSERTED_NORM, INSERTED_PROTOCOL
from reproductions.paper_beds import santurkar_settings


def smoother(rows: Rows) -> Effect:
    """log2 of the median loss widths, without the inserted norm over with it."""
    row = next(iter(rows))
    if not leaves_chance(row):
        return UNDEFINED
    return math.log2(row["plain_loss_width"] / row["inserted_loss_width"])


CLAIM = Claim(
    id="SA18-8-inserted",
    locator="section 3.2, figure 4 (a), observation 4.3, with a control that the paper does not have",
    statement="A batch normalisation put behind every hidden layer of a plain network so that no output "
    "changes at least halves the range over which the loss varies along the gradient.",
    protocol=DEEP_PROTOCOL + INSERTED_PROTOCOL + "max - min loss, median over training.",
    settings=santurkar_settings(INSERTED_NORM, images=640),
    effect=smoother,
    region=above(1.0),
    unit="log2 ratio, without the inserted norm over with it",
    figures=(
        Traces(
            series=("plain_loss_width", "inserted_loss_width"),
            hue="norm",
            x="step",
            log_y=True,
            x_label="training step",
            y_label="max - min loss over the step grid",
            title="Variation of the loss before and after a batch norm is inserted",
        ),
    ),
    substitution=Substitution(better="higher", margin=0.5),
)
