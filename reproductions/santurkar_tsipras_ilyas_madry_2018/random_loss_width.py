"""The loss varies less along random directions, too, with batch norm.

Santurkar et al. 2018, section 3.2, in one sentence without data; region and metric of SA18-8. In the pilot
(seeds 50-52) the plain network's widths were 1.3, 0.8 and 0.8 of batch norm's: a random direction of
40,000 is nearly flat.
"""

from bnref.evidence.claim import Claim, Effect, Expectation, Rows, Substitution
from bnref.evidence.effects import contrast
from bnref.evidence.figure import Band
from bnref.evidence.verdict import above
from reproductions.beds import leaves_chance
from reproductions.deep_perceptrons import DEEP_PROTOCOL, RANDOM_DIRECTIONS
from reproductions.paper_beds import santurkar_settings


def smoother(rows: Rows) -> Effect:
    """log2 of the median loss widths, plain over batch norm."""
    return contrast(rows, "loss_width", leaves_chance)


CLAIM = Claim(
    id="SA18-11",
    locator="section 3.2",
    statement="Along a random direction, as far as along the gradient, the loss of a plain network varies "
    "over a range at least twice as wide as with batch normalisation (median over training).",
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
            because="A random direction of all parameters hardly meets the few steep ones: the loss "
            "varies by about 0.01 in both arms.",
            depends_on_scale=True,
        )
    },
    figures=(
        Band(
            series="loss_width",
            hue="norm",
            x="step",
            log_y=True,
            x_label="training step",
            y_label="max - min loss over the step grid",
            title="Variation of the loss along random directions",
        ),
    ),
    substitution=Substitution(better="higher", margin=0.5),
)
