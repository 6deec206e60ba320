"""At twice the paper's noise batch norm with noise is slower than no normaliser: the claim has its dose.

Santurkar et al. 2018, section 2.1, figure 2, who show one dose (card SA18-4). One point of the area is the
smallest loss that counts, as for the gain in SA18-4. In the pilot (seeds 50-54) it was 8 to 19 points.
"""

from dataclasses import replace

from bnref.evidence.claim import Claim, Effect, Rows, grid
from bnref.evidence.verdict import above
from reproductions.deep_perceptrons import DEEP_PROTOCOL, LAYER_INPUTS, NOISE, NOISE_X2, NOISY
from reproductions.paper_beds import santurkar_settings
from reproductions.santurkar_figures import accuracy, area

SETTING = replace(LAYER_INPUTS, arms=(NOISY, NOISE_X2, *grid(norm=("identity",))))


def lost_area(rows: Rows) -> Effect:
    """Area under the training accuracies without a normaliser less that with twice the noise."""
    return rows.one(norm="identity")["area"] - rows.one(**NOISE_X2.parameters)["area"]


CLAIM = Claim(
    id="SA18-4-twice",
    locator="section 2.1, figure 2, with a dose that the paper does not have",
    statement="With twice the paper's noise behind every batch normalisation a network trains slower than "
    "without normalisation: its mean training accuracy over the run is at least one point lower.",
    protocol=DEEP_PROTOCOL
    + NOISE
    + "Twice the noise: n_mu 1, n_sigma 1.5, r 0.2. Mean over all steps of the accuracy of the batch, in "
    "percent.",
    settings=santurkar_settings(SETTING, images=1920),
    effect=lost_area,
    region=above(1.0),
    unit="points of mean training accuracy",
    figures=(accuracy("identity", "noisy_batch_norm"), area()),
)
