"""Smaller batches generalise better at the same rate and steps (Bjorck et al. 2018, section 2.1).

Pilots on seeds 50-66: 0.4 to 2.0 points, median 1.1.
"""

from statistics import fmean

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Rows, Substitution
from bnref.evidence.verdict import above
from reproductions.rate_accuracy import FIT_PROTOCOL, trained_to_fit
from reproductions.rate_ends import ends, figures, fit


def gain(rows: Rows) -> Effect:
    """Points of test accuracy that batches of 32 win over batches of 128, mean over the rates."""
    large, small = ends(rows, "batch_norm"), ends(rows, "batch_norm", small=True)
    if not fit(*large.values(), *small.values()):
        return UNDEFINED
    return fmean(small[rate].test - large[rate].test for rate in large)


CLAIM = Claim(
    id="BJ18-4",
    locator="section 2.1",
    statement="With batch normalisation, a quarter of the batch raises the test accuracy of a residual "
    "network by at least half a point at the same learning rates and number of steps.",
    protocol=FIT_PROTOCOL + "Batches of 32 and of 128, 1,500 steps each; mean over the four rates.",
    settings=trained_to_fit("batch_norm", seeds=12, small=True),
    effect=gain,
    region=above(0.5),
    unit="percentage points",
    figures=figures(),
    substitution=Substitution(better="higher", margin=0.5),
)
