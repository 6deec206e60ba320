"""The more noise behind batch norm, the slower: no dose is for free.

Santurkar et al. 2018, section 2.1: if stable distributions did not matter, noise of any size would cost
little. In the pilot (seeds 50-54) the cheapest of the three steps cost 6 to 8 points.
"""

from dataclasses import replace
from itertools import pairwise

from bnref.evidence.claim import Claim, Effect, Rows, Substitution
from bnref.evidence.verdict import above
from reproductions.deep_perceptrons import (
    DEEP_PROTOCOL,
    LAYER_INPUTS,
    NOISE,
    NOISE_X2,
    NOISE_X4,
    NOISY,
    OTHERS,
)
from reproductions.paper_beds import santurkar_settings
from reproductions.santurkar_figures import area

SETTING = replace(LAYER_INPUTS, arms=(*LAYER_INPUTS.arms, NOISY, NOISE_X2, NOISE_X4))


def cheapest(rows: Rows) -> Effect:
    """The least loss of area from no noise to the paper's, to twice and to four times as much."""
    doses = [rows.one(**arm.parameters)["area"] for arm in (NOISY, NOISE_X2, NOISE_X4)]
    others = (*OTHERS, *(str(arm.parameters["norm"]) for arm in (NOISE_X2, NOISE_X4)))
    silent = rows.without(norm=others)[0]["area"]
    return min(less - more for less, more in pairwise([silent, *doses]))


CLAIM = Claim(
    id="SA18-4-dose",
    locator="section 2.1, figure 2, with doses that the paper does not have",
    statement="Noise behind every batch normalisation slows training the more the larger it is: from none to "
    "the paper's, to twice and to four times as much each step costs at least two points of mean training "
    "accuracy.",
    protocol=DEEP_PROTOCOL
    + NOISE
    + "Twice the noise is n_mu 1, n_sigma 1.5, r 0.2. Mean over all steps of the accuracy of the batch, in "
    "percent; the least of the three differences.",
    settings=santurkar_settings(SETTING, images=1920),
    effect=cheapest,
    region=above(2.0),
    unit="points of mean training accuracy, least of three steps",
    figures=(area(),),
    substitution=Substitution(better="lower", margin=2.0),
)
