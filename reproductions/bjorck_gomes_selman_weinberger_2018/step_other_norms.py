"""Other normalisers allow larger first steps as batch norm does (Bjorck et al. 2018, appendix K).

Pilots on seeds 10-13: group norm 0.6 to 1.6 decades, layer norm -0.1 to 1.2, batch norm 1.2 to 2.0.
"""

import math
from dataclasses import replace

from bnref.evidence.claim import Arm, Claim, Expectation, Rows, Substitution
from bnref.evidence.verdict import above
from reproductions.bjorck_figures import FIRST_BATCH
from reproductions.deep_nets import NORMALISED_RATE, STEP, STEP_PROTOCOL, stepping, steps

OTHERS = ("group_norm", "layer_norm")
ARMS = tuple(stepping(Arm(n, {"norm": n, "where": "every"}), NORMALISED_RATE) for n in OTHERS)
ALIKE = replace(STEP, arms=(*STEP.arms, *ARMS))


def farther(rows: Rows) -> float:
    """log10 of the smaller reach of group and layer norm at the first batch, over none."""
    others = [rows.one(norm=norm)["reach"] for norm in OTHERS]
    return math.log10(min(others) / rows.one(norm="identity")["reach"])


CLAIM = Claim(
    id="BJ18-15",
    locator="appendix K",
    statement="Group normalisation and layer normalisation, too, let a deep residual network take "
    "steps along its first gradient at least five times as large as without a normaliser.",
    protocol=STEP_PROTOCOL
    + "At the first batch; group norm with at least two channels per group. The worse of "
    "the two counts.",
    settings=steps(ALIKE),
    effect=farther,
    region=above(0.7),
    unit="decades",
    unverified=("appendix K, table 4: other normalisers",),
    figures=(FIRST_BATCH,),
    expected={
        "small": Expectation(
            outcome="inconclusive",
            because="In pilots layer norm gains a factor of three and group norm five: what they "
            "pool over keeps the differences between channels, which batch norm takes away.",
        )
    },
    substitution=Substitution(better="higher", margin=0.5),
)
