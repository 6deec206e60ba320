"""With noise the means of normalised activations are less stable than those of a plain network.

Santurkar et al. 2018, section 2.1, figures 2 and 8. The mean of a unit changes by a third in every step,
whatever it learns: two draws from U(-1/2, 1/2) differ by 1/3. In the pilot (seeds 50-52) that was 1.5 to
2.0 times the plain network's change.
"""

import math

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Rows
from bnref.evidence.verdict import above
from reproductions.beds import leaves_chance
from reproductions.deep_perceptrons import DEEP_PROTOCOL, SHIFT_PROTOCOL
from reproductions.paper_beds import santurkar_settings
from reproductions.santurkar_figures import PERCENTILES, shift
from reproductions.santurkar_tsipras_ilyas_madry_2018.noisy_faster import SETTING


def less_stable(rows: Rows) -> Effect:
    """log2 of the means' shift with noise over that without a normaliser."""
    plain, noisy = rows.one(norm="identity"), rows.one(norm="noisy_batch_norm")
    if not (leaves_chance(plain) and leaves_chance(noisy)):
        return UNDEFINED
    return math.log2(noisy["normed_mean_shift"] / plain["normed_mean_shift"])


CLAIM = Claim(
    id="SA18-4-unstable",
    locator="section 2.1, figures 2 and 8",
    statement="With noise behind every batch normalisation the means of activations before the ReLU change "
    "at least 1.25 times as much from step to step as without normalisation.",
    protocol=DEEP_PROTOCOL
    + SHIFT_PROTOCOL
    + "Judged where both arms end above 30 % training accuracy.",
    settings=santurkar_settings(SETTING, images=1920),
    effect=less_stable,
    region=above(math.log2(1.25)),
    unit="log2 of the shift, noisy over plain",
    figures=(shift("normed", "mean", "identity", "noisy_batch_norm"), PERCENTILES),
)
