"""The loss varies less along the gradient with batch norm at distances relative to the weights, too.

Santurkar et al. 2018, figure 4 (a), with a control that the paper does not have: it moves by eta g, and g and
the scale-free weights of a batch norm net are no measure of each other (card SA18-8). In the pilot (seeds
50-52) the plain network's widths were 11 to 21 times as large.
"""

from bnref.evidence.claim import Claim, Effect, Rows, Substitution
from bnref.evidence.effects import contrast
from bnref.evidence.verdict import above
from reproductions.beds import leaves_chance
from reproductions.deep_perceptrons import DEEP_PROTOCOL, RELATIVE_LANDSCAPE, RELATIVE_PROTOCOL
from reproductions.paper_beds import santurkar_settings
from reproductions.santurkar_figures import LOSS_RANGE, along_steps


def smoother(rows: Rows) -> Effect:
    """log2 of the median loss widths, plain over batch norm."""
    return contrast(rows, "loss_width_median", leaves_chance)


CLAIM = Claim(
    id="SA18-8-relative",
    locator="section 3.2, figure 4 (a), with a control that the paper does not have",
    statement="Where every tensor of parameters moves along its gradient in proportion to its own size, the "
    "loss of a plain network varies over a range at least twice as wide as with batch normalisation.",
    protocol=DEEP_PROTOCOL + RELATIVE_PROTOCOL + "Median over training.",
    settings=santurkar_settings(RELATIVE_LANDSCAPE, images=640),
    effect=smoother,
    region=above(1.0),
    unit="log2 ratio, plain over batch norm",
    figures=(
        LOSS_RANGE,
        along_steps(
            "loss_width",
            "max - min loss over the distances",
            "Loss along the gradient, relative distances",
        ),
    ),
    substitution=Substitution(better="higher", margin=0.5),
)
