"""The loss varies less along the gradient where the network has batch norm.

Santurkar et al. 2018, section 3.2 and appendix A.2.2; the card's definition, the paper's step grid.
"""

from bnref.evidence.claim import Claim, Effect, Rows, Substitution
from bnref.evidence.effects import contrast
from bnref.evidence.verdict import above
from reproductions.beds import LANDSCAPE_PROTOCOL, LANDSCAPE_SETTINGS, leaves_chance
from reproductions.santurkar_figures import LOSS_RANGE, widths


def smoother(rows: Rows) -> Effect:
    """log2 of the median loss widths, plain over batch norm."""
    return contrast(rows, "loss_width_median", leaves_chance)


CLAIM = Claim(
    id="SA18-8",
    headline="a smoother loss",
    locator="section 3.2, figure 4 (a)",
    statement="Along the gradient the loss of a plain network varies over a range at least twice as wide as "
    "that of the same network with batch normalisation (median over training).",
    protocol=LANDSCAPE_PROTOCOL,
    settings=LANDSCAPE_SETTINGS,
    effect=smoother,
    region=above(1.0),
    unit="log2 ratio, plain over batch norm",
    figures=(LOSS_RANGE, widths("identity", "batch_norm")),
    substitution=Substitution(better="higher", margin=0.5),
)
