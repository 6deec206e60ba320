"""Batch norm and a larger rate need a small share of a tuned network's steps (section 4.2.2, BN-x5).

Pilot seeds 50 to 53: the steps to the loss that the plain network ends at shrink 1.5, 1.5, 2.3 and 1.9 times.
Its cells, 190 core-seconds at scale small, are those of IS15-12.
"""

from bnref.evidence.claim import Claim, Effect, Expectation, Reported, Rows, Substitution
from bnref.evidence.effects import log_ratio
from bnref.evidence.verdict import above
from reproductions.beds import SWEEP
from reproductions.inception import at_paper_rates, figure_2, figure_3, ladder
from reproductions.ioffe_szegedy_2015.fewer_steps import SMALL
from reproductions.perceptrons import batch_norm, steps_to


def fewer(rows: Rows) -> Effect:
    """log2 of the steps to the plain network's last loss, plain over batch norm at the larger rate."""
    at = ladder(rows, SMALL)
    plain = rows.one(norm="identity", learning_rate=at.base)
    loss = plain["train_loss"]
    there = batch_norm(rows, learning_rate=at.raised)
    return log_ratio(steps_to(plain, loss), steps_to(there, loss), base=2)


CLAIM = Claim(
    id="IS15-14",
    locator="section 4.2.1, section 4.2.2, figure 3, BN-x5",
    statement="Batch normalisation at four to five times the plain network's rate reaches the loss that the "
    "plain network ends at in less than a quarter of its steps.",
    protocol="The runs of IS15-12: five convolutions on 14x14 Fashion-MNIST, plain SGD, batch 32, 200 "
    "steps, the plain network at its best rate 1/4. Steps until the mean training loss of 20 steps is "
    "at most that of the plain network's last 20. Of the paper's eight changes this has two, batch "
    "normalisation and the rate; rates in factors of two, so four for the paper's five.",
    settings={"small": SWEEP, "smoke": SWEEP.shrunk(images=256), **at_paper_rates(SWEEP)},
    effect=fewer,
    region=above(2.0),
    unit="log2 of the ratio of steps",
    reported=(
        Reported(metric="steps of Inception to its maximum (millions)", value=31.0, source="figure 3"),
        Reported(metric="steps of BN-x5 to that accuracy (millions)", value=2.1, source="figure 3"),
        Reported(
            metric="log2 of the ratio of these steps", value=3.88,
            source="figure 3: log2(31.0 / 2.1)", unit="log2 of the ratio of steps",
        ),
    ),
    figures=(
        figure_2("identity-lr0.25", "batch_norm-lr0.25", "batch_norm-lr1"),
        figure_3("identity-lr0.25", "batch_norm-lr0.25", "batch_norm-lr1"),
    ),
    expected={
        "small": Expectation(
            outcome="refuted",
            because="The plain network's rate is its best here, and close to batch norm's own: a larger one "
            "gains nothing more. IS15-14-attribution starts from a rate that is too small.",
            depends_on_scale=True,
        )
    },
    substitution=Substitution(better="higher", margin=0.5),
)  # fmt: skip
