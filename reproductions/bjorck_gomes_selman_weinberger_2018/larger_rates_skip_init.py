"""Branches that start at zero allow the larger rates without batch norm (a reading of Bjorck et al. 2018, 2).

Pilots on seeds 50-57: 3 to 6 doublings.
"""

from dataclasses import replace

from bnref.evidence.claim import Claim, Effect, Rows
from bnref.evidence.effects import log_ratio
from bnref.evidence.verdict import above
from reproductions.bjorck_figures import LARGEST_RATES
from reproductions.deep_nets import (
    DEEP,
    PLAIN,
    RATE,
    RATE_PROTOCOL,
    SKIP_INIT,
    deep,
    largest,
    rates,
)


def doublings(rows: Rows) -> Effect:
    """log2 of the largest rates that train 18 blocks, branches starting at zero over plain."""
    started, plain = (largest(row) for row in (rows.one(alpha=0.0), rows.one(alpha=None)))
    return log_ratio(started, plain, base=2)


CLAIM = Claim(
    id="BJ18-1-rates-start",
    locator="section 2, figure 1, with a control that the paper does not have",
    statement="Without batch normalisation, a trained factor of every branch that starts at zero raises the "
    "largest learning rate at which a deep residual network trains at least fourfold.",
    protocol=RATE_PROTOCOL + "Eighteen blocks. The factor is SkipInit's (De & Smith 2020).",
    settings=rates(replace(RATE, arms=(deep(PLAIN, DEEP), deep(SKIP_INIT, DEEP)))),
    effect=doublings,
    # Rates lie 1 apart: the bound stands between a factor of two and of four.
    region=above(1.5),
    unit="log2 of the rate",
    figures=(LARGEST_RATES,),
)
