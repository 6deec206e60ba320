"""Twice the paper's noise ends training without batch norm and not with it: SA18-5 at the dose that decides.

Santurkar et al. 2018, section 2.1, in one sentence of the text. "The same amount" is the same s a + m. In the
pilot (seeds 50-52) all three plain networks diverged, and those with batch norm ended at 59 to 64 %; at the
paper's own dose (SA18-5) two of three plain ones trained.
"""

from dataclasses import replace

from bnref.evidence.claim import Arm, Claim, Effect, Rows, grid
from bnref.evidence.figure import Dots
from bnref.evidence.verdict import above
from reproductions.deep_perceptrons import (
    DEEP_PROTOCOL,
    LAYER_INPUTS,
    NOISE,
    NOISE_X2,
    NOISY,
    NOISY_IDENTITY,
    PLAIN_NOISE_X2,
)
from reproductions.paper_beds import santurkar_settings

ARMS = (NOISY, NOISE_X2, *grid(norm=("identity",)), NOISY_IDENTITY, PLAIN_NOISE_X2)
SETTING = replace(LAYER_INPUTS, arms=ARMS)


def saved(rows: Rows, normalised: Arm, plain: Arm) -> Effect:
    """Training accuracy at the end, in points, of the first arm less that of the second."""
    first, second = (rows.one(**arm.parameters)["train_accuracy"] for arm in (normalised, plain))
    return 100 * (first - second)


def saved_at_twice_the_noise(rows: Rows) -> Effect:
    """With batch norm less without."""
    return saved(rows, NOISE_X2, PLAIN_NOISE_X2)


CLAIM = Claim(
    id="SA18-5-twice",
    locator="section 2.1, with a dose that the paper does not have",
    statement="With twice the paper's noise behind every layer a network with batch normalisation ends at "
    "least 20 points of training accuracy above the same network without.",
    protocol=DEEP_PROTOCOL
    + NOISE
    + "Twice the noise: n_mu 1, n_sigma 1.5, r 0.2, on what batch norm puts out, or on what the layer does. "
    "Accuracy of the last tenth of the batches; a diverged run counts as chance, 10 %.",
    settings=santurkar_settings(SETTING, images=1920),
    effect=saved_at_twice_the_noise,
    region=above(20.0),
    unit="points of training accuracy",
    figures=(
        Dots(
            y="train_accuracy",
            hue="arm",
            scale=100.0,
            y_label="training accuracy at the end (%)",
            title="Training accuracy under noise, behind batch norm and without",
        ),
    ),
)
