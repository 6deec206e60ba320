"""A deep residual network trains at larger rates with batch norm (Bjorck et al. 2018, section 2, figure 1).

Of BJ18-1 the part on rates, not the accuracy that they bring. Pilots on seeds 0-3: 1 or 0.5 with
batch norm; on seeds 0 and 1 0.03 without.
"""

from bnref.evidence.claim import Claim, Effect, Rows, Substitution
from bnref.evidence.effects import log_ratio
from bnref.evidence.verdict import above
from reproductions.bjorck_figures import LARGEST_RATES
from reproductions.deep_nets import DEEP, LARGEST_RATE, RATE_PROTOCOL, largest


def doublings(rows: Rows) -> Effect:
    """log2 of the largest rates that train 18 blocks, with batch norm over without."""
    (full,) = (row for row in rows.where(where="every") if row.arm.parameters["norm"] != "identity")
    return log_ratio(largest(full), largest(rows.one(norm="identity", blocks=DEEP)), base=2)


CLAIM = Claim(
    id="BJ18-1-rates",
    locator="section 2, figure 1",
    statement="The largest learning rate at which a deep residual network trains is at least four "
    "times as large with batch normalisation as without.",
    protocol=RATE_PROTOCOL + "Eighteen blocks.",
    settings=LARGEST_RATE,
    effect=doublings,
    # Rates lie 1 apart: the bound stands between a factor of two and of four.
    region=above(1.5),
    unit="log2 of the rate",
    figures=(LARGEST_RATES,),
    substitution=Substitution(better="higher", margin=1.0),
)
