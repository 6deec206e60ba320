"""Batch norm still learns at a learning rate at which the plain network stays at chance.

Santurkar et al. 2018, figure 1 (a, b), section 3.1: rates 0.1 and 0.5 on a VGG-like network. Its 468 runs
take some 190 core-seconds: they are one sweep that nine claims read.
"""

from bnref.evidence.claim import Claim, Effect, Reported, Row, Rows, Substitution
from bnref.evidence.effects import headroom
from bnref.evidence.verdict import above
from reproductions.beds import SWEEP
from reproductions.paper_beds import santurkar_settings
from reproductions.santurkar_figures import LARGER_RATES


def beats_chance(row: Row) -> bool:
    """The run stays finite and its training accuracy ends above twice chance (ten classes)."""
    return not row.diverged and row["train_accuracy"] > 0.2


def doublings(rows: Rows) -> Effect:
    """log2 of the largest rates that train, with batch norm over without a normaliser."""
    return headroom(rows, "identity", beats_chance, base=2)


CLAIM = Claim(
    id="SA18-2",
    locator="section 3.1, figure 1 (a, b)",
    statement="The largest learning rate at which a batch-normalised network gets beyond chance is "
    "at least four times that of the same well-initialised network without normalisation.",
    protocol="The runs of IS15-12: five convolutions on 14x14 Fashion-MNIST, plain SGD, batch 32, "
    "200 steps, 13 rates in factors of two, He initialisation in both arms. A run trains if it "
    "stays finite and its training accuracy (last tenth of the steps) exceeds twice chance.",
    settings=santurkar_settings(SWEEP, images=256),
    effect=doublings,
    # Rates lie 1 apart: the bound stands between a factor of two and of four.
    region=above(1.5),
    unit="log2 of the rate",
    reported=(
        Reported(
            metric="rate at which batch norm trains and the plain network does not / base rate",
            value=5.0,
            source="section 3.1, figure 1 (a, b): rates 0.1 and 0.5",
        ),
    ),
    figures=(LARGER_RATES,),
    headline="larger rates leave chance",
    substitution=Substitution(better="higher", margin=1.0),
)
