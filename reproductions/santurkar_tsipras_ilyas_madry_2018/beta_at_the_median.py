"""The typical effective smoothness is 2 / learning rate, with batch norm or without.

Not the paper's sentence but what its figure 4 (c) and 12 (d) show by our reading: medians of 20 at rate
0.1 in every arm, so that they say nothing of batch norm. In the pilot (seeds 50, 51) 15 to 16 without and
6 with.
"""

import math

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Expectation, Rows, Substitution
from bnref.evidence.verdict import within
from reproductions.beds import LANDSCAPE, LANDSCAPE_PROTOCOL, leaves_chance
from reproductions.paper_beds import santurkar_settings
from reproductions.santurkar_figures import BETA

LAW = 2 / 0.1
QUARTER = math.log2(1.25)


def departure(rows: Rows) -> Effect:
    """log2 of the median effective beta over 2 / rate, of the arm that departs most."""
    if not all(leaves_chance(row) for row in rows):
        return UNDEFINED
    return max((math.log2(row["beta_median"] / LAW) for row in rows), key=abs)


CLAIM = Claim(
    id="SA18-10-median",
    locator="section 3.2, figure 4 (c)",
    statement="The median effective beta-smoothness is 2 / learning rate with batch normalisation and "
    "without, within a quarter.",
    protocol=LANDSCAPE_PROTOCOL,
    settings=santurkar_settings(LANDSCAPE, images=640),
    effect=departure,
    region=within(-QUARTER, QUARTER),
    unit="log2 of the median over 2 / rate, worst arm",
    expected={
        "small": Expectation(
            outcome="refuted",
            because="In 150 steps batch norm's net has not come to the edge of stability, where curvature is "
            "2 / rate; the paper's runs are a hundred times as long.",
            depends_on_scale=True,
        )
    },
    figures=(BETA,),
    substitution=Substitution(better="higher", margin=0.25),
)
