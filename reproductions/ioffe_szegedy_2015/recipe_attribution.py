"""Where the baseline's rate is small, the larger rate saves more steps than batch norm itself does.

A reading of Ioffe & Szegedy 2015, figure 3, where 2.33 of the factor of 14.8 come at the same rate.
Pilot seeds 50 and 51: batch norm saves a factor of 1.5 and 1.1, its fourfold rate one of 2.9 and 2.8. Its
cells, 190 core-seconds at scale small, are those of IS15-12.
"""

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Reported, Rows, Substitution
from bnref.evidence.effects import log_ratio
from bnref.evidence.verdict import above, as_interval
from reproductions.beds import SWEEP
from reproductions.inception import Ladder, at_paper_rates, figure_2, ladder
from reproductions.perceptrons import batch_norm, steps_to

SMALL = Ladder(base=1 / 32, raised=1 / 8, target=1.0)


def more_by_the_rate(rows: Rows) -> Effect:
    """log2 of the steps saved by the rate, with batch norm, over those saved by it at the small rate."""
    at = ladder(rows, SMALL)
    plain = rows.one(norm="identity", learning_rate=at.base)
    slow, fast = (batch_norm(rows, learning_rate=rate) for rate in (at.base, at.raised))
    if slow.diverged:
        return UNDEFINED
    low, high = as_interval(log_ratio(steps_to(slow, at.target), steps_to(fast, at.target), base=2))
    least, most = as_interval(
        log_ratio(steps_to(plain, at.target), steps_to(slow, at.target), base=2)
    )
    return low - most, high - least


CLAIM = Claim(
    id="IS15-14-attribution",
    locator="section 4.2.2, figure 3, BN-Baseline against BN-x5",
    statement="Where the rate is far below the plain network's best, four to five times that rate saves a "
    "factor of steps at least 1.4 times that which batch normalisation saves at the same rate.",
    protocol="The runs of IS15-12 at the rates 1/32 and 1/8: five convolutions on 14x14 Fashion-MNIST, "
    "plain SGD, batch 32, 200 steps; the plain network's best rate is 1/4. Steps until the mean training "
    "loss of 20 steps is at most 1.0: plain at 1/32 over batch norm at 1/32, against batch norm at 1/32 "
    "over batch norm at 1/8.",
    settings={"small": SWEEP, "smoke": SWEEP.shrunk(images=256), **at_paper_rates(SWEEP)},
    effect=more_by_the_rate,
    region=above(0.5),
    unit="log2 of the ratio of the two factors",
    reported=(
        Reported(
            metric="log2 of the factor of BN-x5 over BN-Baseline, by that of BN-Baseline", value=1.44,
            source="figure 3: log2(13.3^2 / (2.1 x 31.0))", unit="log2 of the ratio of the two factors",
        ),
    ),
    figures=(
        figure_2("identity-lr0.03125", "batch_norm-lr0.03125", "batch_norm-lr0.125", target=1.0),
    ),
    substitution=Substitution(better="higher", margin=0.5),
)  # fmt: skip
