"""Channels come to differ more in scale without batch norm (Bjorck et al. 2018, section 3.1).

Pilots on seeds 0-19: 0.13 to 0.28, median 0.24, where batch norm has 0.2 to 0.3.
"""

from bnref.evidence.claim import Claim, Rows, Substitution
from bnref.evidence.figure import Dots
from bnref.evidence.verdict import above
from reproductions.deep_nets import AT_START, START_PROTOCOL, three


def apart(rows: Rows) -> float:
    """Relative spread of the channels' standard deviations, without batch norm less with it."""
    plain, _, full = three(rows)
    return plain["disparity"] - full["disparity"]


CLAIM = Claim(
    id="BJ18-8-channels",
    locator="section 3.1",
    statement="At the start the scales of the channels behind the last block differ more without "
    "batch normalisation than with it.",
    protocol=START_PROTOCOL
    + "Standard deviation over mean, across channels, of the standard deviations over "
    "images and positions. More: by at least 0.1.",
    settings=AT_START,
    effect=apart,
    region=above(0.1),
    unit="coefficient of variation",
    figures=(
        Dots(
            y="disparity",
            hue="arm",
            y_label="spread of the channels' scales",
            title="Spread of the channels' scales behind the last block",
        ),
    ),
    substitution=Substitution(better="higher", margin=0.1),
)
