"""Without batch norm the untrained network gives all images one class (Bjorck et al. 2018, figure 6).

Pilots on seeds 0-19: 0 to 0.68, median 0.13, nine of twenty above 0.2: batch norm has a favourite
class, too.
"""

from bnref.evidence.claim import Claim, Expectation, Rows, Substitution
from bnref.evidence.figure import Dots
from bnref.evidence.verdict import above
from reproductions.bjorck_figures import LOGIT_GRADIENTS
from reproductions.deep_nets import AT_START, START_PROTOCOL, three


def more_alike(rows: Rows) -> float:
    """Share of the images that get the commonest class, without batch norm less with it."""
    plain, _, full = three(rows)
    return plain["modal_share"] - full["modal_share"]


CLAIM = Claim(
    id="BJ18-9",
    locator="section 3.1, figure 6",
    statement="At the start the share of images that get the commonest class is higher by at least "
    "20 points without batch normalisation than with it.",
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
    expected={
        "small": Expectation(
            outcome="inconclusive",
            because="A plain network gives every image one class, but so does one with batch norm in "
            "eight of twenty pilot seeds: the features that reach the classifier have a common mean in both.",
        )
    },
    substitution=Substitution(better="higher", margin=0.1),
)
