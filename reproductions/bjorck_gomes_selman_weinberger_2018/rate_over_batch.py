"""Accuracy depends on rate over batch size alone (Bjorck et al. 2018, section 2.1, read literally).

The noise of one step goes with the square of the rate over the batch size, that of a stretch of
training with rate over batch size. Pilots on seeds 50-66: -0.3 to 1.1 points, median 0.3. Its 121 to
165 core-seconds are all those of BJ18-1 and BJ18-4, too.
"""

from statistics import fmean

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Rows, Substitution
from bnref.evidence.verdict import within
from reproductions.rate_accuracy import FIT_PROTOCOL, trained_to_fit
from reproductions.rate_ends import ends, figures, fit


def difference(rows: Rows) -> Effect:
    """Points that a quarter of rate and batch win over the whole, mean over the rates."""
    large, small = ends(rows, "batch_norm"), ends(rows, "batch_norm", small=True)
    if not fit(*large.values(), *small.values()):
        return UNDEFINED
    quarters = [rate for rate in large if rate / 4 in small]
    return fmean(small[rate / 4].test - large[rate].test for rate in quarters)


CLAIM = Claim(
    id="BJ18-4-ratio",
    locator="section 2.1",
    statement="With batch normalisation, a quarter of the batch at a quarter of the learning rate leaves the "
    "test accuracy of a residual network within one point after the same number of steps.",
    protocol=FIT_PROTOCOL
    + "Batches of 32 at 2^-5, 2^-3 and 2^-1 and of 128 at four times the rate.",
    settings=trained_to_fit("batch_norm", small=True),
    effect=difference,
    region=within(-1.0, 1.0),
    unit="percentage points",
    figures=figures(),
    substitution=Substitution(better="lower", margin=0.5),
)
