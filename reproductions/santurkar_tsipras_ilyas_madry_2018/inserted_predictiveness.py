"""Put into a trained plain network so that nothing changes, batch norm makes its gradient steadier.

Santurkar et al. 2018, section 3.2, figure 4 (b), with the control of SA18-8-inserted. In the pilot (seeds
50-52) the change of the gradient fell by a factor of 3.4 to 6.2, the gradient itself by 1.7 to 1.8.
"""

from dataclasses import replace

from bnref.evidence.claim import Effect, Rows
from reproductions.santurkar_tsipras_ilyas_madry_2018 import inserted_loss_width
from reproductions.santurkar_tsipras_ilyas_madry_2018.inserted_loss_width import (
    PROTOCOL,
    before_and_after,
    reduction,
)


def steadier(rows: Rows) -> Effect:
    """log2 of the median change of the gradient at four times the rate, without the norm over with it."""
    return reduction(rows, "predictiveness")


CLAIM = replace(
    inserted_loss_width.CLAIM,
    id="SA18-9-inserted",
    locator="section 3.2, figure 4 (b), observation 4.3, with a control that the paper does not have",
    statement="A batch normalisation put behind every hidden layer of a plain network so that no output "
    "changes at least halves the change of the gradient after a step of four times the rate along it.",
    protocol=f"{PROTOCOL}l2 change, median over training.",
    effect=steadier,
    figures=(before_and_after("predictiveness", "l2 change of the gradient at 4 x rate"),),
)
