"""Noise that a batch shares costs less than the same noise drawn for each value: the next norm undoes it.

Santurkar et al. 2018, appendix A.2.1: algorithm 1 shifts and scales a unit for the whole batch, which is what
a batch norm behind the next layer takes out again (card, part A). In the pilot (seeds 50-54) noise of each
value cost 5.6 to 9.1 points more; two are the smallest difference that counts.
"""

from dataclasses import replace

from bnref.evidence.claim import Claim, Effect, Rows
from bnref.evidence.verdict import above
from reproductions.deep_perceptrons import DEEP_PROTOCOL, LAYER_INPUTS, NOISE, NOISY, OWN_NOISE
from reproductions.paper_beds import santurkar_settings
from reproductions.santurkar_figures import accuracy, area

SETTING = replace(LAYER_INPUTS, arms=(NOISY, OWN_NOISE))


def dearer(rows: Rows) -> Effect:
    """Area under the training accuracies with the paper's noise less that with noise of each value."""
    return rows.one(**NOISY.parameters)["area"] - rows.one(**OWN_NOISE.parameters)["area"]


CLAIM = Claim(
    id="SA18-4-shared",
    locator="section 2.1 and appendix A.2.1, with a control that the paper does not have",
    statement="Behind every batch normalisation noise drawn for each value costs at least two points more of "
    "mean training accuracy than noise of the same law that is mostly common to a unit's whole batch.",
    protocol=DEEP_PROTOCOL
    + NOISE
    + "Against it: mu and sigma drawn for each value of a unit, not once for all. Mean over all steps of the "
    "accuracy of the batch, in percent.",
    settings=santurkar_settings(SETTING, images=1920),
    effect=dearer,
    region=above(2.0),
    unit="points of mean training accuracy",
    figures=(accuracy("noisy_batch_norm"), area()),
)
