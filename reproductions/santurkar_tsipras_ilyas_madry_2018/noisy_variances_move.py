"""With noise the variances of normalised activations are less stable than those of a plain network.

Santurkar et al. 2018, section 2.1, figures 2 and 8. In the pilot (seeds 50-52) variances changed by 0.51
to 0.73 of what they do in the plain network.
"""

import math

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Expectation, Rows
from bnref.evidence.verdict import above
from reproductions.beds import leaves_chance
from reproductions.deep_perceptrons import DEEP_PROTOCOL, SHIFT_PROTOCOL
from reproductions.paper_beds import santurkar_settings
from reproductions.santurkar_figures import shift
from reproductions.santurkar_tsipras_ilyas_madry_2018.noisy_faster import SETTING


def less_stable(rows: Rows) -> Effect:
    """log2 of the variances' shift with noise over that without a normaliser."""
    plain, noisy = rows.one(norm="identity"), rows.one(norm="noisy_batch_norm")
    if not (leaves_chance(plain) and leaves_chance(noisy)):
        return UNDEFINED
    return math.log2(noisy["normed_variance_shift"] / plain["normed_variance_shift"])


CLAIM = Claim(
    id="SA18-4-unstable-variance",
    locator="section 2.1, figures 2 and 8",
    statement="With noise behind every batch normalisation the variances of activations before the ReLU "
    "change at least 1.25 times as much from step to step as without normalisation.",
    protocol=DEEP_PROTOCOL
    + SHIFT_PROTOCOL
    + "Judged where both arms end above 30 % training accuracy.",
    settings=santurkar_settings(SETTING, images=1920),
    effect=less_stable,
    region=above(math.log2(1.25)),
    unit="log2 of the shift, noisy over plain",
    expected={
        "small": Expectation(
            outcome="refuted",
            because="The scale's noise U(1, 1.25) changes a variance near one by 0.19 a step; one step at "
            "0.1 changes variances of the plain network, which are larger, by more.",
            depends_on_scale=True,
        )
    },
    figures=(shift("normed", "variance", "identity", "noisy_batch_norm"),),
)
