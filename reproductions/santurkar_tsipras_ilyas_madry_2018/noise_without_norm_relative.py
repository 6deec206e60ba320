"""Noise in units of each activation's own standard deviation costs the plain network more than batch norm's.

Santurkar et al. 2018, section 2.1: "the same amount" of noise is defined only where activations have the same
size (card SA18-5), and behind a batch norm m counts in standard deviations. In the pilot (seeds 50-58) plain
networks with such noise ended at 10 to 42 %, those of five seeds with noisy batch norm at 69 to 75 %.
"""

from dataclasses import replace

from bnref.evidence.claim import Claim, Effect, Rows, grid
from bnref.evidence.figure import Dots
from bnref.evidence.verdict import above
from reproductions.deep_perceptrons import (
    DEEP_PROTOCOL,
    LAYER_INPUTS,
    NOISE,
    NOISY,
    NOISY_IDENTITY,
    RELATIVE_NOISE,
)
from reproductions.paper_beds import santurkar_settings

ARMS = (NOISY, RELATIVE_NOISE, NOISY_IDENTITY, *grid(norm=("identity",)))
SETTING = replace(LAYER_INPUTS, arms=ARMS)


def kept_by_norm(rows: Rows) -> Effect:
    """Training accuracy at the end, in points, of noisy batch norm less that with relative noise."""
    normalised, plain = (rows.one(**arm.parameters) for arm in (NOISY, RELATIVE_NOISE))
    return 100 * (normalised["train_accuracy"] - plain["train_accuracy"])


CLAIM = Claim(
    id="SA18-5-relative",
    locator="section 2.1, with a control that the paper does not have",
    statement="Noise of the same size against the standard deviation of each unit leaves a network with "
    "batch normalisation at least 20 points of training accuracy above the same network without.",
    protocol=DEEP_PROTOCOL
    + NOISE
    + "Without batch norm m is multiplied by the standard deviation of the unit over the batch. Accuracy "
    "of the last tenth of the batches; a diverged run counts as chance, 10 %.",
    settings=santurkar_settings(SETTING, images=1920),
    effect=kept_by_norm,
    region=above(20.0),
    unit="points of training accuracy",
    figures=(
        Dots(
            y="train_accuracy",
            hue="arm",
            scale=100.0,
            y_label="training accuracy at the end (%)",
            title="Training accuracy under noise, absolute and relative to the activations",
        ),
    ),
)
