"""Noise behind the last batch norm, which no norm takes out again, costs nothing.

Santurkar et al. 2018, section 2.1: the control that noise in all layers needs (card, part A). A point of the
area is the smallest difference that counts. In the pilot (seeds 50-54) it was at most 0.6, where noise behind
all ten layers cost 6 to 8 points.
"""

from dataclasses import replace

from bnref.evidence.claim import Claim, Effect, Rows, Substitution
from bnref.evidence.verdict import within
from reproductions.deep_perceptrons import DEEP_PROTOCOL, LAST_NOISE, LAYER_INPUTS, NOISE
from reproductions.paper_beds import santurkar_settings
from reproductions.santurkar_figures import area

SETTING = replace(LAYER_INPUTS, arms=(*LAYER_INPUTS.arms[:1], LAST_NOISE), seeds=20)


def cost(rows: Rows) -> Effect:
    """Area under the training accuracies without noise less that with noise behind the last norm."""
    noisy = rows.one(**LAST_NOISE.parameters)
    (silent,) = (row for row in rows if row is not noisy)
    return silent["area"] - noisy["area"]


CLAIM = Claim(
    id="SA18-4-last",
    locator="section 2.1, with a control that the paper does not have",
    statement="The paper's noise behind the last batch normalisation alone changes the mean training "
    "accuracy over the run by at most one point.",
    protocol=DEEP_PROTOCOL
    + NOISE
    + "Mean over all steps of the accuracy of the batch, in percent.",
    settings=santurkar_settings(SETTING, images=1920),
    effect=cost,
    region=within(-1.0, 1.0),
    unit="points of mean training accuracy",
    figures=(area("arm"),),
    substitution=Substitution(better="lower", margin=1.0),
)
