"""In training most units of a batch norm net have a smaller gradient than those of the plain net.

Santurkar et al. 2018, theorem 4.1, whose comparison with the plain network holds where gamma is the
standard deviation and beta the mean; here is what trained networks do. In the pilot (seeds 50-52) 10 to 13
% of the units.
"""

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Expectation, Row, Rows, Substitution
from bnref.evidence.figure import Band
from bnref.evidence.verdict import above
from reproductions.beds import leaves_chance
from reproductions.deep_perceptrons import DEEP_PROTOCOL, UNIT_GRADIENTS
from reproductions.paper_beds import santurkar_settings


def entered(rows: Rows) -> Row | None:
    """The only row, None unless it and its plain twin end above 30 % training accuracy."""
    row = next(iter(rows))
    return row if leaves_chance(row) and row["plain_train_accuracy"] > 0.3 else None


def over_half(rows: Rows, share: str) -> Effect:
    """A share of the units, in points over one half."""
    row = entered(rows)
    return UNDEFINED if row is None else 100 * row[share] - 50


def majority(rows: Rows) -> Effect:
    """Units with a smaller gradient."""
    return over_half(rows, "smaller")


CLAIM = Claim(
    id="SA18-T1-training",
    locator="theorem 4.1",
    statement="During training the gradient of the loss by a unit's outputs before normalisation is smaller "
    "than the same unit's of the plain network, in at least 55 % of units and steps.",
    protocol=DEEP_PROTOCOL
    + "A network with and one without batch norm, the same weights at the start, the same batches. Every "
    "five steps, on the batch that trains: ||dL/dy|| of every hidden unit in both. Judged "
    "where both end above 30 %.",
    settings=santurkar_settings(UNIT_GRADIENTS, images=640),
    effect=majority,
    region=above(5.0),
    unit="points over one half",
    expected={
        "small": Expectation(
            outcome="refuted",
            because="The theorem compares at equal gradients behind the layer. Batch norm at gamma = 1 makes "
            "gradients grow by about 1.2 a layer on their way down, and the plain network's do not.",
        )
    },
    figures=(
        Band(
            series="smaller",
            hue="norm",
            x="step",
            x_label="training step",
            y_label="units with a smaller gradient (%)",
            title="Units whose gradient is smaller than in the plain network",
        ),
    ),
    substitution=Substitution(better="higher", margin=5.0),
)
