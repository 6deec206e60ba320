"""In training most units of a batch norm net have a smaller gradient of their weights than the plain net's.

Santurkar et al. 2018, theorem 4.4, whose bound is over the worst inputs; here is what trained networks have.
In the pilot (seeds 50-58) 36 to 45 % of the units.
"""

from dataclasses import replace

from bnref.evidence.claim import Effect, Expectation, Rows
from bnref.evidence.figure import Band
from reproductions.deep_perceptrons import DEEP_PROTOCOL
from reproductions.santurkar_tsipras_ilyas_madry_2018 import unit_gradient_in_training
from reproductions.santurkar_tsipras_ilyas_madry_2018.unit_gradient_in_training import over_half


def majority(rows: Rows) -> Effect:
    """Units with a smaller gradient of their weights."""
    return over_half(rows, "smaller_weights")


CLAIM = replace(
    unit_gradient_in_training.CLAIM,
    id="SA18-T4-training",
    locator="theorem 4.4",
    statement="During training the gradient of the loss by a unit's weights is smaller with batch "
    "normalisation than the same unit's of the plain network, in at least 55 % of units and steps.",
    protocol=DEEP_PROTOCOL
    + "A network with and one without batch norm, the same weights at the start, the same batches. Every "
    "five steps, on the batch that trains: ||dL/dw|| of every hidden unit in both. Judged where both end "
    "above 30 %.",
    effect=majority,
    expected={
        "small": Expectation(
            outcome="refuted",
            because="The theorem bounds the worst inputs at equal gradients behind the layer; at gamma = 1 "
            "batch norm's gradients are larger there, and so are those of most units' weights.",
        )
    },
    figures=(
        Band(
            series="smaller_weights",
            hue="norm",
            x="step",
            x_label="training step",
            y_label="units with a smaller gradient of their weights (%)",
            title="Units whose weights have a smaller gradient than in the plain network",
        ),
    ),
)
