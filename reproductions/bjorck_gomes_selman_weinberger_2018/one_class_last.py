"""Normalising the features before the classifier undoes the favourite class (Bjorck et al. 2018, figure 6).

The control that BJ18-9 lacks. Pilots on seeds 0-19: 0.48 to 0.60.
"""

from bnref.evidence.claim import Claim, Rows, Substitution
from bnref.evidence.figure import Dots
from bnref.evidence.verdict import above
from reproductions.bjorck_figures import LOGIT_GRADIENTS
from reproductions.deep_nets import AT_START, START_PROTOCOL, three


def more_alike(rows: Rows) -> float:
    """Share of the images that get the commonest class, plain less with the last layer normalised."""
    plain, last, _ = three(rows)
    return plain["modal_share"] - last["modal_share"]


CLAIM = Claim(
    id="BJ18-9-last",
    locator="section 3.1, figure 6, with a control that the paper does not have",
    statement="Normalising nothing but the features before the classifier lowers the share of "
    "images that get the commonest class at the start by at least 20 points.",
    protocol=START_PROTOCOL
    + "Share of the batch whose largest logit is that of the commonest class.",
    settings=AT_START,
    effect=more_alike,
    region=above(0.2),
    unit="share of the images",
    figures=(
        LOGIT_GRADIENTS,
        Dots(
            y="modal_share",
            hue="arm",
            scale=100.0,
            y_label="images that get the commonest class (%)",
            title="Images that get the commonest class at the start",
        ),
    ),
    substitution=Substitution(better="higher", margin=0.1),
)
