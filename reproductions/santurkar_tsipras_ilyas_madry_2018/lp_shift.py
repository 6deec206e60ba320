"""lp-normalised networks have larger shifts of distributions than plain ones.

Santurkar et al. 2018, section 3.3, figure 6, histograms only; the metric is W1 between the histograms of
successive steps. In the pilot (seeds 50-52) shifts with the lp norms were a twentieth to a fifth of the
plain ones.
"""

import math

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Expectation, Rows
from bnref.evidence.figure import Band
from bnref.evidence.verdict import above
from reproductions.beds import leaves_chance
from reproductions.deep_perceptrons import DEEP_PROTOCOL, SHIFT_PROTOCOL
from reproductions.paper_beds import santurkar_settings
from reproductions.santurkar_figures import PERCENTILES
from reproductions.santurkar_tsipras_ilyas_madry_2018.lp_faster import SETTING


def larger_shift(rows: Rows) -> Effect:
    """log2 of the W1 shift, the smallest of the three norms over plain."""
    if not all(leaves_chance(row) for row in rows):
        return UNDEFINED
    plain = rows.one(norm="identity")["normed_wasserstein"]
    others = rows.without(norm=("identity",))
    return math.log2(min(row["normed_wasserstein"] for row in others) / plain)


CLAIM = Claim(
    id="SA18-13",
    locator="section 3.3, figure 6",
    statement="With any of the l1, l2 and largest-value norms distributions of activations shift at least "
    "1.25 times as much from step to step as without normalisation.",
    protocol=DEEP_PROTOCOL
    + SHIFT_PROTOCOL
    + "The statistic is the Wasserstein distance W1 between a unit's values "
    "before the ReLU. Judged where all arms end above 30 % training accuracy.",
    settings=santurkar_settings(SETTING, images=1920),
    effect=larger_shift,
    region=above(math.log2(1.25)),
    unit="log2 of the W1 shift, least norm over plain",
    expected={
        "small": Expectation(
            outcome="refuted",
            because="These norms fix the mean and bound the scale of what they put out, so that its "
            "histogram hardly moves; the paper's figure shows histograms over training, without a number.",
        )
    },
    figures=(
        Band(
            series="normed_wasserstein",
            hue="norm",
            x="step",
            log_y=True,
            x_label="training step",
            y_label="W1 between a unit's values in a step",
            title="Shift of distributions before the ReLU",
        ),
        PERCENTILES,
    ),
)
