"""The size that the text gives to the effect on gradients: close to two orders of magnitude.

Santurkar et al. 2018, section 3.2. The curves of its own figure 4 (b) have medians of 47 and 21.7 (digitised,
card SA18-9), a factor of 2.2. "Close to two orders" is taken as a factor of 30. In the pilot (seeds 50-52) it
was 6 to 14.
"""

from bnref.evidence.claim import Claim, Effect, Expectation, Rows, Substitution
from bnref.evidence.effects import contrast
from bnref.evidence.verdict import above
from reproductions.beds import LANDSCAPE_PROTOCOL, LANDSCAPE_SETTINGS, leaves_chance
from reproductions.santurkar_figures import changes


def smoother(rows: Rows) -> Effect:
    """log2 of the median gradient changes at four times the rate, plain over batch norm."""
    return contrast(rows, "predictiveness_median", leaves_chance)


CLAIM = Claim(
    id="SA18-9-orders",
    locator="section 3.2, the text on figure 4 (b)",
    statement="After a step of four times the rate along the gradient, the gradient of a plain network has "
    "changed at least 30 times as much as with batch normalisation (median over training).",
    protocol=LANDSCAPE_PROTOCOL,
    settings=LANDSCAPE_SETTINGS,
    effect=smoother,
    region=above(4.9),
    unit="log2 ratio, plain over batch norm",
    expected={
        "small": Expectation(
            outcome="refuted",
            because="A factor of about ten is what such networks show; the paper's own curves differ by two.",
        )
    },
    figures=(changes("identity", "batch_norm"),),
    substitution=Substitution(better="higher", margin=0.5),
)
