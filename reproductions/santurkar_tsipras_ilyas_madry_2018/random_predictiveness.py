"""The gradient changes less along random directions, too, with batch norm.

Santurkar et al. 2018, section 3.2, in one sentence without data; region and metric of SA18-9. In the pilot
(seeds 50-52) it changed half as much.
"""

from bnref.evidence.claim import Claim, Effect, Expectation, Rows, Substitution
from bnref.evidence.effects import contrast
from bnref.evidence.figure import Band
from bnref.evidence.verdict import above
from reproductions.beds import leaves_chance
from reproductions.deep_perceptrons import DEEP_PROTOCOL, RANDOM_DIRECTIONS
from reproductions.paper_beds import santurkar_settings


def smoother(rows: Rows) -> Effect:
    """log2 of the median gradient changes at four times the rate, plain over batch norm."""
    return contrast(rows, "predictiveness", leaves_chance)


CLAIM = Claim(
    id="SA18-11-gradient",
    locator="section 3.2",
    statement="After a step along a random direction, as far as four times the rate along the gradient, the "
    "gradient of a plain network has changed at least twice as much as with batch normalisation (median "
    "over training).",
    protocol=DEEP_PROTOCOL
    + "The first 100 steps, probed every five: parameters move by eta ||g|| u, u uniform on the unit sphere "
    "of all trained parameters, g the gradient of the batch, eta in {1/2, 1, 2, 4} x 0.1, in training mode "
    "on the same batch. Judged only where both arms end above 30 % training accuracy.",
    settings=santurkar_settings(RANDOM_DIRECTIONS, images=640),
    effect=smoother,
    region=above(1.0),
    unit="log2 ratio, plain over batch norm",
    expected={
        "small": Expectation(
            outcome="refuted",
            because="Batch norm's gradients are inversely proportional to the size of weights and "
            "grow from layer to layer at the start; over small distances they change more, not less.",
            depends_on_scale=True,
        )
    },
    figures=(
        Band(
            series="predictiveness",
            hue="norm",
            x="step",
            log_y=True,
            x_label="training step",
            y_label="l2 change of the gradient at 4 x rate",
            title="Change of the gradient along random directions",
        ),
    ),
    substitution=Substitution(better="higher", margin=0.5),
)
