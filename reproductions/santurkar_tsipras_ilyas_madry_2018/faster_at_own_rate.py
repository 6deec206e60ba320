"""Batch norm trains faster even where the plain network has its own best rate.

The control that SA18-1 needs: a common rate favours batch norm (Santurkar et al. 2018, section 2, figure
1). One point is the smallest gain that counts. In the pilot (seeds 50, 51) it was 3.7 and 9.6 points. The
sweep, of some 190 core-seconds, is that of SA18-2, which nine claims read.
"""

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Row, Rows, Substitution
from bnref.evidence.verdict import above
from reproductions.beds import SWEEP, leaves_chance
from reproductions.paper_beds import santurkar_settings
from reproductions.santurkar_figures import LARGER_RATES


def best(rows: tuple[Row, ...]) -> float | None:
    """The highest training accuracy (%) at any rate; None where no run leaves chance."""
    found = [100 * row["train_accuracy"] for row in rows if leaves_chance(row)]
    return max(found, default=None)


def gain(rows: Rows) -> Effect:
    """Training accuracy with batch norm less that without a normaliser, each at its best rate."""
    plain = best(rows.where(norm="identity"))
    normalised = best(rows.without(norm=("identity", "group_norm")))
    return UNDEFINED if plain is None or normalised is None else normalised - plain


CLAIM = Claim(
    id="SA18-1-tuned",
    locator="section 2, with a control that the paper does not have",
    statement="Each at its best learning rate, a network with batch normalisation has after the same number "
    "of steps a training accuracy at least one point higher than without.",
    protocol="The runs of IS15-12: five convolutions on 14x14 Fashion-MNIST, plain SGD, batch 32, 200 steps, "
    "13 rates in factors of two, He initialisation in both arms. The highest accuracy of the last tenth of "
    "the batches over the rates, which within a seed is chosen on the same batches in both arms.",
    settings=santurkar_settings(SWEEP, images=256),
    effect=gain,
    region=above(1.0),
    unit="points of training accuracy, each at its best rate",
    figures=(LARGER_RATES,),
    substitution=Substitution(better="higher", margin=1.0),
)
