"""Kept at the plain network's rate, batch norm loses most of what it gains (Bjorck et al. 2018, figure 1).

Pilots on seeds 50-66: -0.4 to 3.2 points, sixteen of seventeen above the bound.
Its 150 core-seconds, of nets trained until they fit, are those of BJ18-2, and most of BJ18-11.
"""

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Reported, Rows, Substitution
from bnref.evidence.verdict import above
from reproductions.rate_accuracy import FIT_PROTOCOL, trained_to_fit
from reproductions.rate_ends import best, figures, fit, matched


def half_the_gain_less_that_at_the_same_rate(rows: Rows) -> Effect:
    """Half the gain of batch norm at its best rate, less its gain at the plain network's, in points."""
    plain, same = matched(rows)
    there = best(rows, "batch_norm")
    if not fit(plain, same, there):
        return UNDEFINED
    return (there.test - plain.test) / 2 - (same.test - plain.test)


CLAIM = Claim(
    id="BJ18-1-matched",
    headline="no better at the plain rate",
    locator="section 2, figure 1",
    statement="At the largest learning rate that trains the network without it, batch normalisation has less "
    "than half of the gain in test accuracy that it has at its own best rate.",
    protocol=FIT_PROTOCOL
    + "Best rate: 2, on validation images of pilots. Less: half the gain there exceeds that at 2^-5 by at "
    "least a quarter of a point.",
    settings=trained_to_fit("plain", "batch_norm"),
    effect=half_the_gain_less_that_at_the_same_rate,
    region=above(0.25),
    unit="percentage points",
    reported=(
        Reported(
            metric="half the gain at 0.1 less that at 0.0001 (points)",
            value=6.3,
            source="read off figure 1: 93.2 and 81.3 with batch norm, 82.0 without",
            unit="percentage points",
        ),
    ),
    figures=figures("plain", "batch_norm"),
    substitution=Substitution(better="higher", margin=0.5),
)
