"""The gradient predicts itself better along its own direction with batch norm.

Santurkar et al. 2018, section 3.2 and appendix A.2.2; the card's definition, the paper's step grid.
"""

from bnref.evidence.claim import Claim, Effect, Rows, Substitution
from bnref.evidence.effects import contrast
from bnref.evidence.verdict import above
from reproductions.beds import LANDSCAPE_PROTOCOL, LANDSCAPE_SETTINGS, leaves_chance
from reproductions.santurkar_figures import CHANGE_RANGE, changes


def smoother(rows: Rows) -> Effect:
    """log2 of the median gradient changes at four times the rate, plain over batch norm."""
    return contrast(rows, "predictiveness_median", leaves_chance)


CLAIM = Claim(
    id="SA18-9",
    locator="section 3.2, figure 4 (b)",
    statement="After a step of four times the rate along the gradient, the gradient of a plain network has "
    "changed at least twice as much as with batch normalisation (median over training).",
    protocol=LANDSCAPE_PROTOCOL,
    settings=LANDSCAPE_SETTINGS,
    effect=smoother,
    region=above(1.0),
    unit="log2 ratio, plain over batch norm",
    figures=(CHANGE_RANGE, changes("identity", "batch_norm")),
    headline="predictive gradients",
    substitution=Substitution(better="higher", margin=0.5),
)
