"""Without batch norm the gradients of the logits are alike for all images (Bjorck et al. 2018, figure 6).

Pilots on seeds 0-19: 0.07 to 0.38, median 0.20, seventeen of twenty above 0.1.
"""

from bnref.evidence.claim import Claim, Rows, Substitution
from bnref.evidence.figure import Dots
from bnref.evidence.verdict import above
from reproductions.bjorck_figures import LOGIT_GRADIENTS
from reproductions.deep_nets import AT_START, START_PROTOCOL, three


def more_alike(rows: Rows) -> float:
    """Mean cosine between images of the logits' gradients, without batch norm less with it."""
    plain, _, full = three(rows)
    return plain["cosine"] - full["cosine"]


CLAIM = Claim(
    id="BJ18-9-gradients",
    locator="section 3.1, figure 6",
    statement="At the start the gradients of the logits depend less on the image without batch "
    "normalisation: their mean cosine between images is higher by at least 0.1.",
    protocol=START_PROTOCOL
    + "Mean over all pairs of images of the cosine between the gradients of the loss by the"
    " logits.",
    settings=AT_START,
    effect=more_alike,
    region=above(0.1),
    unit="cosine",
    figures=(
        LOGIT_GRADIENTS,
        Dots(
            y="cosine",
            hue="arm",
            y_label="mean cosine between images",
            title="Likeness of the logits' gradients at the start",
        ),
    ),
    substitution=Substitution(better="higher", margin=0.1),
)
