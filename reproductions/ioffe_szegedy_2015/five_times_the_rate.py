"""A few times its rate a plain network does not train, and a batch-normalised one does (section 4.2.2).

The paper multiplied a rate of 0.0015 by five; the rates of scale small lie a factor of two apart. Pilot seeds
50 to 61: at eight times its best rate the plain network halves its loss in none of 12 runs, at four times in
3, and with batch norm in all. Runs of IS15-12 had been seen by then: judged on seeds from 200 on.
"""

from bnref.evidence.claim import Claim, Effect, Reported, Rows, Substitution
from bnref.evidence.verdict import above
from reproductions.beds import SWEEP
from reproductions.inception import LATER_SWEEP, Ladder, at_paper_rates, figure_2, ladder
from reproductions.ioffe_szegedy_2015.larger_rates import halves_its_loss
from reproductions.perceptrons import batch_norm

SMALL = Ladder(base=0.25, raised=2.0, target=1.0)
"""The plain network's best rate, and the smallest of the grid that is more than five times as large."""


def only_with_batch_norm(rows: Rows) -> Effect:
    """1 where batch norm alone trains at the raised rate, -1 where the plain network alone does, else 0."""
    rate = ladder(rows, SMALL).raised
    plain = [row for row in rows.where(norm="identity", learning_rate=rate) if halves_its_loss(row)]
    return float(halves_its_loss(batch_norm(rows, learning_rate=rate))) - float(bool(plain))


CLAIM = Claim(
    id="IS15-12-x5",
    locator="section 4.2.2, Inception at five times its rate",
    statement="At five to eight times the plain network's rate it does not train, and the same network with "
    "batch normalisation does.",
    protocol="The networks of IS15-12, He initialisation in both arms; the plain network's best rate is 1/4, "
    "and the raised one 2. A run trains as in IS15-12. In most seeds: 1 where batch norm alone trains, 0 "
    "where both or neither do.",
    settings={"small": LATER_SWEEP, "smoke": SWEEP.shrunk(images=256), **at_paper_rates(SWEEP)},
    effect=only_with_batch_norm,
    region=above(0.5),
    unit="1 where batch norm alone trains",
    reported=(
        Reported(
            metric="Inception at five times its rate reached machine infinity; with batch norm it trained",
            value=1.0,
            source="section 4.2.2",
            unit="1 where batch norm alone trains",
        ),
    ),
    figures=(figure_2("identity-lr0.25", "identity-lr2", "batch_norm-lr2"),),
    substitution=Substitution(better="higher", margin=0.5),
)
