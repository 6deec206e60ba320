"""Too large a step makes the loss explode without batch norm, not with it (Bjorck et al. 2018, figure 3).

Pilots on seeds 50-57: 4.1 to 4.6 decades.
"""

import math

from bnref.evidence.claim import Claim, Reported, Row, Rows, Substitution
from bnref.evidence.verdict import above
from reproductions.bjorck_figures import FIRST_BATCH
from reproductions.deep_nets import STEP, STEP_PROTOCOL, steps, three


def worst(row: Row) -> float:
    """log10 of the largest ratio of losses along the gradient, at most 6."""
    return math.log10(max(row.series["ratio"]))


def explodes_more(rows: Rows) -> float:
    """How many decades higher the loss climbs without batch norm than with it."""
    plain, _, full = three(rows)
    return worst(plain) - worst(full)


CLAIM = Claim(
    id="BJ18-6-explodes",
    locator="section 3, figure 3, mini-batch 1",
    statement="Along the gradient of the first batch the loss of a deep residual network climbs at least a "
    "hundred times higher without batch normalisation than with it, at any step up to 4.",
    protocol=STEP_PROTOCOL
    + "At the first batch. A loss a million times larger than before the step, or "
    "not finite, counts as a million.",
    settings=steps(STEP),
    effect=explodes_more,
    region=above(2.0),
    unit="decades",
    reported=(
        Reported(
            metric="log10 of the ratio of the largest losses that the figure shows, batch 1",
            value=5.55,
            source="read off figure 3: 10^6 at 0.0027 without and 10^0.45 at 0.2 with batch norm",
            unit="decades",
        ),
    ),
    figures=(FIRST_BATCH,),
    substitution=Substitution(better="higher", margin=0.5),
)
