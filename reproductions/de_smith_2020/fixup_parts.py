"""Either part of Fixup's initialisation is enough to train a deep network: they are redundant.

De & Smith 2020 on Fixup: (1) the last layer of each branch and the classifier start at 0, (2) the other
layer is scaled by d^(-1/2). In three pilots either trains 32 blocks of two layers, and neither does not.
"""

from bnref.evidence.claim import Claim, Rows
from bnref.evidence.verdict import above
from reproductions.residual import FIXUP_PROTOCOL, TRAINING, fixup, trains
from reproductions.residual_figures import by_rate

PARTS = ("neither", "zero", "rescaled")


def either_suffices(rows: Rows) -> float:
    """1 where each part alone trains and no part does not, -1 the other way round."""
    neither, zero, rescaled = (float(trains(rows.one(part=part))) for part in PARTS)
    return min(zero, rescaled) - neither


CLAIM = Claim(
    id="DS20-9",
    locator="section on Fixup",
    statement="Without normalisation a residual network of 32 two-layer blocks trains with either part of "
    "Fixup's initialisation alone, zeros in last layers or rescaled first layers, and not with "
    "neither, in most seeds.",
    protocol=FIXUP_PROTOCOL + TRAINING,
    settings=fixup(*PARTS),
    effect=either_suffices,
    region=above(0.5),
    unit="seeds that train, least of both parts less neither",
    figures=(by_rate("Test error with parts of Fixup's initialisation", hue="part"),),
)
