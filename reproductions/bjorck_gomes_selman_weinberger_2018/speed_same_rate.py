"""At one small rate batch norm trains faster (Bjorck et al. 2018, figure 1).

It shows there, against the reading that batch norm helps by its rates alone. Pilots on seeds 50-66: -0.4
to 1.4 doublings.
Its 150 core-seconds are those of BJ18-1-matched.
"""

import math

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Expectation, Reported, Rows, Substitution
from bnref.evidence.effects import log_ratio
from bnref.evidence.verdict import above
from reproductions.rate_accuracy import FIT_PROTOCOL, trained_to_fit
from reproductions.rate_ends import End, figures, fit, matched


def steps(end: End) -> Effect:
    """Steps to 90 % on the training images; between the budget and infinity where it is not reached."""
    return (end.budget, math.inf) if end.steps > end.budget else end.steps


def times_faster(rows: Rows) -> Effect:
    """log2 of the steps to 90 % at the plain network's rate, without batch norm over with it."""
    plain, same = matched(rows)
    return log_ratio(steps(plain), steps(same), base=2) if fit(plain, same) else UNDEFINED


CLAIM = Claim(
    id="BJ18-2-speed",
    locator="section 2, figure 1",
    statement="At the largest learning rate that trains the network without it, batch normalisation needs at "
    "least a tenth fewer steps to 90 % training accuracy.",
    protocol=FIT_PROTOCOL + "Both at 2^-5; training accuracy, mean of 20 batches.",
    settings=trained_to_fit("plain", "batch_norm"),
    effect=times_faster,
    region=above(0.152),
    unit="log2 ratio of steps",
    reported=(
        Reported(
            metric="log2 of the ratio of steps to 90 %, without over with batch norm, at 0.0001",
            value=0.61,
            source="read off figure 1: about 26 % and 17 % of the training",
            unit="log2 ratio of steps",
        ),
    ),
    figures=figures("plain", "batch_norm"),
    expected={
        "small": Expectation(
            outcome="inconclusive",
            because="In pilots batch norm is faster by that much in twelve of seventeen seeds: at the rate "
            "that both can take, how fast the plain network is differs from seed to seed.",
        )
    },
    substitution=Substitution(better="higher", margin=0.3),
)
