"""The same as SA18-3 for what the normaliser puts out, before the ReLU.

Where an activation is taken decides the answer, and the paper does not say; both are judged. In the pilot
(seeds 50-52) the ratios were 140 to 245, for batch norm fixes these moments by design.
"""

import math

from bnref.evidence.claim import Claim, Effect, Expectation, Rows, Substitution
from bnref.evidence.verdict import within
from reproductions.deep_perceptrons import DEEP_PROTOCOL, SHIFT_PROTOCOL
from reproductions.paper_beds import santurkar_settings
from reproductions.santurkar_figures import PERCENTILES, shift
from reproductions.santurkar_tsipras_ilyas_madry_2018.stable_inputs import SETTING, steadier


def steadier_normalised(rows: Rows) -> Effect:
    """The larger log2 ratio of shifts at the outputs of normalisers."""
    return steadier(rows, "normed")


CLAIM = Claim(
    id="SA18-3-normalised",
    locator="section 2, figure 1 (c)",
    statement="The means and variances of activations before the ReLU change from step to step as much with "
    "batch normalisation as without, within a factor of 1.5.",
    protocol=DEEP_PROTOCOL
    + SHIFT_PROTOCOL
    + "Activations are taken behind the normaliser, before the ReLU. "
    "Judged where both arms end above 30 % training accuracy.",
    settings=santurkar_settings(SETTING, images=1920),
    effect=steadier_normalised,
    region=within(-math.log2(1.5), math.log2(1.5)),
    unit="log2 of the shift, plain over batch norm",
    expected={
        "small": Expectation(
            outcome="refuted",
            because="On a fixed batch these moments are beta and gamma^2 of batch norm: they move by one "
            "step of two parameters, those of the plain network by one step of all layers below.",
        )
    },
    figures=(shift("normed", "mean", "identity", "batch_norm"), PERCENTILES),
    substitution=Substitution(better="higher", margin=0.5),
)
