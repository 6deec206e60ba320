"""Batch norm trains faster even where the plain network has its own best rate.

The control that SA18-1 needs: a common rate favours batch norm (Santurkar et al. 2018, section 2, figure
1). One point is the smallest gain that counts. In the pilot (seeds 50, 51) it was 3.7 and 9.6 points.
"""

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Row, Rows, Substitution
from bnref.evidence.figure import Curve
from bnref.evidence.verdict import above
from reproductions.beds import SWEEP, leaves_chance
from reproductions.paper_beds import santurkar_settings


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
    figures=(
        Curve(
            x="learning_rate",
            y="train_accuracy",
            hue="norm",
            log_x=True,
            scale=100.0,
            x_label="learning rate",
            y_label="training accuracy, last tenth of the steps (%)",
            title="Training accuracy after 200 steps against the learning rate",
        ),
    ),
    substitution=Substitution(better="higher", margin=1.0),
)
