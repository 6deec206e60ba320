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

PROTOCOL = DEEP_PROTOCOL + INSERTED_PROTOCOL


def reduction(rows: Rows, number: str) -> Effect:
    """log2 of a number's median, without the inserted norm over with it."""
    row = next(iter(rows))
    if not leaves_chance(row):
        return UNDEFINED
    return math.log2(row[f"plain_{number}"] / row[f"inserted_{number}"])


def narrower(rows: Rows) -> Effect:
    """The reduction of the width of the loss."""
    return reduction(rows, "loss_width")


def before_and_after(number: str, y_label: str) -> Traces:
    """The number by step, without the inserted norm and with it."""
    return Traces(
        series=(f"plain_{number}", f"inserted_{number}"),
        hue="norm",
        x="step",
        log_y=True,
        x_label="training step",
        y_label=y_label,
        title="Along the gradient, before and after a batch norm is inserted",
    )


CLAIM = Claim(
    id="SA18-8-inserted",
    locator="section 3.2, figure 4 (a), observation 4.3, with a control that the paper does not have",
    statement="A batch normalisation put behind every hidden layer of a plain network so that no output "
    "changes at least halves the range over which the loss varies along the gradient.",
    protocol=f"{PROTOCOL}max - min loss, median over training.",
    settings=santurkar_settings(INSERTED_NORM, images=640),
    effect=narrower,
    region=above(1.0),
    unit="log2 ratio, without the inserted norm over with it",
    figures=(before_and_after("loss_width", "max - min loss over the step grid"),),
    substitution=Substitution(better="higher", margin=0.5),
)
