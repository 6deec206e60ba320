"""Noisy batch norm trains almost as fast as batch norm.

Santurkar et al. 2018, section 2.1, figure 2: "almost" is a quarter of what batch norm gains over no
normaliser, the card's margin. In the pilot (seeds 50-52) noise cost 70 to 97 % of that gain.
"""

from dataclasses import replace

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Expectation, Rows, Substitution
from bnref.evidence.verdict import within
from reproductions.deep_perceptrons import DEEP_PROTOCOL, LAYER_INPUTS, NOISE, NOISY, OTHERS
from reproductions.paper_beds import santurkar_settings
from reproductions.santurkar_figures import accuracy, area

SETTING = replace(LAYER_INPUTS, arms=(*LAYER_INPUTS.arms, NOISY), seeds=20)


def lost_share(rows: Rows) -> Effect:
    """Share of batch norm's gain in area that the noise costs. Undefined where there is no gain."""
    plain, noisy = (rows.one(norm=norm)["area"] for norm in ("identity", "noisy_batch_norm"))
    normalised = rows.without(norm=OTHERS)[0]["area"]
    if normalised <= plain:
        return UNDEFINED
    return (normalised - noisy) / (normalised - plain)


CLAIM = Claim(
    id="SA18-4-near",
    locator="section 2.1, figure 2",
    statement="Noise behind every batch normalisation costs at most a quarter of the training speed that "
    "batch normalisation gains.",
    protocol=DEEP_PROTOCOL
    + NOISE
    + "Speed is the mean accuracy of training batches over all steps, its gain that over no normaliser.",
    settings=santurkar_settings(SETTING, images=1920),
    effect=lost_share,
    region=within(-0.25, 0.25),
    unit="share of the gain in mean training accuracy",
    expected={
        "small": Expectation(
            outcome="refuted",
            because="Each layer adds a shift of 0.29 standard deviations and a tenth of noise to every "
            "value, and ten layers of it cost more than a quarter of what batch norm gains in 200 steps.",
            depends_on_scale=True,
        )
    },
    figures=(accuracy("identity", "batch_norm", "noisy_batch_norm"), area()),
    substitution=Substitution(better="lower", margin=0.25),
)
