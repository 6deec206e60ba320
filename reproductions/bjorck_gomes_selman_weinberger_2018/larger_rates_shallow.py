"""Shallower networks without batch norm train at larger rates (Bjorck et al. 2018, appendix H).

Pilots on seeds 0-3: 1 or 0.5 with 3 blocks; on seeds 0 and 1 0.03 with 18.
"""

from bnref.evidence.claim import Claim, Effect, Rows, Substitution
from bnref.evidence.effects import log_ratio
from bnref.evidence.verdict import above
from reproductions.bjorck_figures import LARGEST_RATES
from reproductions.deep_nets import DEEP, LARGEST_RATE, RATE_PROTOCOL, SHALLOW, largest


def doublings(rows: Rows) -> Effect:
    """log2 of the largest rates that train without batch norm, 3 blocks over 18."""
    shallow, deep = (largest(rows.one(norm="identity", blocks=b)) for b in (SHALLOW, DEEP))
    return log_ratio(shallow, deep, base=2)


CLAIM = Claim(
    id="BJ18-14",
    locator="section 3, appendix H",
    statement="Without batch normalisation the largest learning rate at which a residual network of"
    " three blocks trains is at least four times that of one of eighteen.",
    protocol=RATE_PROTOCOL + "Three and eighteen blocks.",
    settings=LARGEST_RATE,
    effect=doublings,
    # Rates lie 1 apart: the bound stands between a factor of two and of four.
    region=above(1.5),
    unit="log2 of the rate",
    figures=(LARGEST_RATES,),
    substitution=Substitution(better="higher", margin=1.0),
)
