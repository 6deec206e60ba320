"""It is a bad start that larger rates make up for (a reading of Bjorck et al. 2018, section 2).

From branches that start at zero small rates generalise as well as large ones. Pilots on seeds 50-66: -1.1
to 2.6 points per decade, fourteen of seventeen above the bound.
Its 157 core-seconds are those of BJ18-1-start.
"""

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Rows, Substitution
from bnref.evidence.verdict import above
from reproductions.rate_accuracy import FIT_PROTOCOL, trained_to_fit
from reproductions.rate_ends import ends, figures, fit, per_decade


def gains_less(rows: Rows) -> Effect:
    """Slope with batch norm less that with branches that start at zero."""
    normalised, started = ends(rows, "batch_norm"), ends(rows, "skip_init")
    if not fit(*normalised.values(), *started.values()):
        return UNDEFINED
    return per_decade(normalised) - per_decade(started)


CLAIM = Claim(
    id="BJ18-1-start-rates",
    locator="section 2, with a control that the paper does not have",
    statement="Without batch normalisation but with a trained factor of every branch that starts at zero, a "
    "residual network gains at least half a point of test accuracy less per tenfold learning rate.",
    protocol=FIT_PROTOCOL
    + "The factor is SkipInit's (De & Smith 2020), at 2^-5, 2^-3 and 2^-2. Least-squares slopes.",
    settings=trained_to_fit("batch_norm", "skip_init"),
    effect=gains_less,
    region=above(0.5),
    unit="percentage points per decade",
    figures=figures("batch_norm", rates=(2.0**-5, 0.125, 0.25, 2.0)),
    substitution=Substitution(better="higher", margin=0.5),
)
