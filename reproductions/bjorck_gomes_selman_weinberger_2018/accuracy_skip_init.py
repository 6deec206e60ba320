"""Branches that start at zero generalise as well without batch norm (a reading of Bjorck et al. 2018, 2).

What batch norm is needed for if rates are what matters: a good start does without. Pilots on seeds 50-66:
0.1 to 2.5 points, fourteen of seventeen within the bounds.
Its 157 core-seconds are those of nets trained until they fit, as generalisation asks for;
BJ18-1-start-rates has them all, too.
"""

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Rows, Substitution
from bnref.evidence.verdict import within
from reproductions.rate_accuracy import FIT_PROTOCOL, trained_to_fit
from reproductions.rate_ends import best, figures, fit


def gain(rows: Rows) -> Effect:
    """Test accuracy in points at the best rates, batch norm less branches that start at zero."""
    normalised, started = best(rows, "batch_norm"), best(rows, "skip_init")
    return normalised.test - started.test if fit(normalised, started) else UNDEFINED


CLAIM = Claim(
    id="BJ18-1-start",
    locator="section 2, with a control that the paper does not have",
    statement="A residual network without batch normalisation whose branches are multiplied by a trained "
    "factor that starts at zero comes within 1.5 points of batch normalisation's test accuracy.",
    protocol=FIT_PROTOCOL
    + "The factor is SkipInit's (De & Smith 2020). Best rates on validation images of pilots: 2 with "
    "batch norm, 2^-5 with SkipInit, whose rates of 2^-5 to 2^-2 hardly differ.",
    settings=trained_to_fit("batch_norm", "skip_init"),
    effect=gain,
    region=within(-1.5, 1.5),
    unit="percentage points",
    figures=figures("batch_norm", rates=(2.0**-5, 0.125, 0.25, 2.0)),
    substitution=Substitution(better="higher", margin=0.5),
)
