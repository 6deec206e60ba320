"""The same as SA18-14 with each network at its own best rate, which the paper does not do.

A rate that is good for batch norm need not be good without it. Each arm takes the smallest loss over the
same rates; the smallest of several favours both arms alike.

Pilots (20 seeds, medians) at 1e-7, 3e-7 and 1e-6: plain 2.9e4, 1.9e4 and 1.9e4, batch norm 4.9e3, 5.0e3
and 8.3e3. All 20 effects lie between 0.32 and 1.09. Rates below 1e-7 could only help batch norm.
"""

from dataclasses import replace

from bnref.evidence.claim import Effect, Rows
from reproductions.santurkar_tsipras_ilyas_madry_2018 import linear_network
from reproductions.santurkar_tsipras_ilyas_madry_2018.linear_network import log_ratio, loss


def at_best_rates(rows: Rows) -> Effect:
    """log10 of the ratio of the smallest losses over all rates."""
    plain = min(loss(row) for row in rows.where(norm="identity"))
    return log_ratio(plain, min(loss(row) for row in rows.without(norm=("identity",))))


CLAIM = replace(
    linear_network.CLAIM,
    id="SA18-14-tuned",
    locator="sections 2.2 and 3.2, with a control that the paper does not have",
    statement="In a 25-layer linear network under full-batch gradient descent, each network at its own "
    "best rate, without batch normalisation the loss ends at least twice as high.",
    effect=at_best_rates,
    expected={},
    figures=(),
)
