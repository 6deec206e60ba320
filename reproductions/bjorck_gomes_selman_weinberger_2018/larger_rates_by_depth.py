"""Depth costs the plain network more of its largest rate than it costs batch norm (Bjorck et al. 2018, H).

The interaction that BJ18-1-rates and BJ18-14 are halves of. Pilots on seeds 50-57: 1 to 4 doublings,
seven of eight above the bound.
"""

from dataclasses import replace

from bnref.evidence.claim import Claim, Effect, Rows, Substitution
from bnref.evidence.effects import less, log_ratio
from bnref.evidence.verdict import above
from reproductions.bjorck_figures import LARGEST_RATES
from reproductions.deep_nets import (
    DEEP,
    FULL,
    PLAIN,
    RATE,
    RATE_PROTOCOL,
    SHALLOW,
    deep,
    largest,
    rates,
)

BY_DEPTH = replace(RATE, arms=tuple(deep(arm, b) for arm in (PLAIN, FULL) for b in (SHALLOW, DEEP)))


def falls_further(rows: Rows) -> Effect:
    """log2 by which the largest rate falls from 3 to 18 blocks, plain less batch norm."""
    falls = []
    for found in (rows.where(norm="identity"), rows.without(norm=("identity",))):
        shallow, deep = (largest(Rows(found).one(blocks=b)) for b in (SHALLOW, DEEP))
        falls.append(log_ratio(shallow, deep, base=2))
    return less(*falls)


CLAIM = Claim(
    id="BJ18-14-bn",
    locator="section 3, appendix H",
    statement="From three to eighteen blocks the largest learning rate of a residual network falls at "
    "least four times as far without batch normalisation as with it.",
    protocol=RATE_PROTOCOL + "Three and eighteen blocks; the ratio of the two rates.",
    settings=rates(BY_DEPTH),
    effect=falls_further,
    # Rates lie 1 apart: the bound stands between a factor of two and of four.
    region=above(1.5),
    unit="log2 ratio of falls",
    figures=(LARGEST_RATES,),
    substitution=Substitution(better="higher", margin=1.0),
)
