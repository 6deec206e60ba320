"""At the same rate batch norm needs fewer than half the steps to a fixed loss (section 4.2.2).

Pilot seeds 50 to 53: ratios of 3.1, 2.6, 2.6 and 2.5 to the loss 1.0, which every run reaches. Its cells, 190
core-seconds at scale small, are those of IS15-12.
"""

from bnref.evidence.claim import Claim, Effect, Rows, Substitution
from bnref.evidence.effects import log_ratio
from bnref.evidence.verdict import above
from reproductions.beds import SWEEP
from reproductions.inception import at_paper_rates, figure_2, ladder
from reproductions.ioffe_szegedy_2015.fewer_steps import SMALL
from reproductions.perceptrons import batch_norm, steps_to


def fewer(rows: Rows) -> Effect:
    """log2 of the steps to the target, plain over batch norm."""
    at = ladder(rows, SMALL)
    plain = rows.one(norm="identity", learning_rate=at.base)
    there = batch_norm(rows, learning_rate=at.base)
    return log_ratio(steps_to(plain, at.target), steps_to(there, at.target), base=2)


CLAIM = Claim(
    id="IS15-13-target",
    locator="section 4.2.2, figures 2 and 3, BN-Baseline",
    statement="At the plain network's rate the same network with batch normalisation reaches a training loss "
    "that is fixed beforehand, below half of that at chance, in less than half of the plain network's steps.",
    protocol="The runs of IS15-12: five convolutions on 14x14 Fashion-MNIST, plain SGD, batch 32, 200 "
    "steps, rate 1/4. Steps until the mean training loss of 20 steps is at most 1.0, less than half "
    "of the loss at chance. A target that does not depend on how far the plain network gets.",
    settings={"small": SWEEP, "smoke": SWEEP.shrunk(images=256), **at_paper_rates(SWEEP)},
    effect=fewer,
    region=above(1.0),
    unit="log2 of the ratio of steps",
    figures=(figure_2("identity-lr0.25", "batch_norm-lr0.25", target=1.0),),
    substitution=Substitution(better="higher", margin=0.5),
)  # fmt: skip
