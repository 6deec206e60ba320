"""Batch norm with noise that shifts distributions at every step still trains faster than no normaliser.

Santurkar et al. 2018, section 2.1, figure 2. One point of the area is the smallest gain that counts. In
the pilot (seeds 50-52) it was 3.2, 0.2 and 1.2 points, batch norm's 7 to 11.
"""

from dataclasses import replace

from bnref.evidence.claim import Claim, Effect, Expectation, Rows, grid
from bnref.evidence.verdict import above
from reproductions.deep_perceptrons import DEEP_PROTOCOL, LAYER_INPUTS, NOISE, NOISY
from reproductions.paper_beds import santurkar_settings
from reproductions.santurkar_figures import accuracy, area

SETTING = replace(LAYER_INPUTS, arms=(NOISY, *grid(norm=("identity",))))


def larger_area(rows: Rows) -> Effect:
    """Area under the training accuracies with noisy batch norm less that without a normaliser."""
    return rows.one(norm="noisy_batch_norm")["area"] - rows.one(norm="identity")["area"]


CLAIM = Claim(
    id="SA18-4",
    headline="fast in spite of noise",
    locator="section 2.1, figure 2",
    statement="With noise behind every batch normalisation a network still trains faster than without "
    "normalisation: its mean training accuracy over the run is at least one point higher.",
    protocol=DEEP_PROTOCOL
    + NOISE
    + "Mean over all steps of the accuracy of the batch, in percent.",
    settings=santurkar_settings(SETTING, images=1920),
    effect=larger_area,
    region=above(1.0),
    unit="points of mean training accuracy",
    expected={
        "small": Expectation(
            outcome="inconclusive",
            because="At 0.1 with He initialisation the plain network of ten layers trains, too, and noise in "
            "all ten costs most of batch norm's gain: seeds fall on both sides of one point.",
            depends_on_scale=True,
        )
    },
    figures=(accuracy("identity", "noisy_batch_norm"), area()),
)
