"""The effective smoothness along the gradient has a lighter tail with batch norm.

Santurkar et al. 2018, section 3.2 and appendix A.2.2; the card's definition, the paper's step grid.
"""

from bnref.evidence.claim import Claim, Effect, Rows, Substitution
from bnref.evidence.effects import contrast
from bnref.evidence.verdict import above
from reproductions.beds import LANDSCAPE_PROTOCOL, LANDSCAPE_SETTINGS, leaves_chance
from reproductions.santurkar_figures import BETA


def smoother(rows: Rows) -> Effect:
    """log2 of (95th percentile / median) of effective beta, plain over batch norm."""
    return contrast(rows, "beta_tail", leaves_chance)


CLAIM = Claim(
    id="SA18-10",
    locator="section 3.2, figure 4 (c)",
    statement="Effective beta-smoothness has a heavier tail without batch normalisation: its 95th percentile "
    "over its median is at least 1.1 times that of the batch-normalised network.",
    protocol=LANDSCAPE_PROTOCOL,
    settings=LANDSCAPE_SETTINGS,
    effect=smoother,
    # The card's audit: the paper's medians are equal (20.0, 19.95), its tails are not.
    region=above(0.14),
    unit="log2 ratio, plain over batch norm",
    figures=(BETA,),
    substitution=Substitution(better="higher", margin=0.25),
)
