"""Normalising the features before the classifier is enough for larger rates (Bjorck et al. 2018, 3.1).

Of BJ18-11 the part on rates, not the accuracy. Pilots on seeds 0-3: 2 with the last layer only, more
than the 1 or 0.5 with batch norm everywhere.
"""

from bnref.evidence.claim import Claim, Effect, Rows, Substitution
from bnref.evidence.effects import log_ratio
from bnref.evidence.verdict import above
from reproductions.bjorck_figures import LARGEST_RATES
from reproductions.deep_nets import DEEP, LARGEST_RATE, RATE_PROTOCOL, largest


def doublings(rows: Rows) -> Effect:
    """log2 of the largest rates that train 18 blocks, with the last layer normalised over without."""
    (last,) = rows.where(where="last")
    return log_ratio(largest(last), largest(rows.one(norm="identity", blocks=DEEP)), base=2)


CLAIM = Claim(
    id="BJ18-11-rates",
    headline="one norm raises the rate",
    locator="section 3.1, appendix E",
    statement="Normalising nothing but the features before the classifier raises the largest "
    "learning rate at which a deep residual network trains at least fourfold.",
    protocol=RATE_PROTOCOL + "Eighteen blocks.",
    settings=LARGEST_RATE,
    effect=doublings,
    # Rates lie 1 apart: the bound stands between a factor of two and of four.
    region=above(1.5),
    unit="log2 of the rate",
    figures=(LARGEST_RATES,),
    substitution=Substitution(better="higher", margin=1.0),
)
