"""The same as SA18-6-cosine at a tenth of the rate, the paper's other one.

Santurkar et al. 2018, figure 3 (a), version 3. In the pilot (seeds 50, 51) the cosine was 0.81 and 0.78
with batch norm, 0.90 and 0.83 without: the order at 0.1 reversed.
"""

from dataclasses import replace

from bnref.evidence.claim import Claim, Expectation, Substitution
from bnref.evidence.verdict import above
from reproductions.deep_perceptrons import GRADIENT_SHIFT
from reproductions.paper_beds import santurkar_settings
from reproductions.santurkar_figures import gradient_shift
from reproductions.santurkar_tsipras_ilyas_madry_2018.gradient_cosine import smaller_cosine
from reproductions.santurkar_tsipras_ilyas_madry_2018.gradient_shift import DEFINITION

SETTING = replace(GRADIENT_SHIFT, fixed={**GRADIENT_SHIFT.fixed, "learning_rate": 0.01})


CLAIM = Claim(
    id="SA18-6-small-rate",
    locator="section 2.2, definition 2.1, figure 3 (a)",
    statement="At a tenth of the learning rate the cosine of G and G' of definition 2.1 is at least 0.05 "
    "lower with batch normalisation than without.",
    protocol="The networks of SA18-6, plain SGD at 0.01, batch 64, 200 steps. "
    + DEFINITION
    + "Judged where both arms end above 30 % training accuracy.",
    settings=santurkar_settings(SETTING, images=640),
    effect=smaller_cosine,
    region=above(0.05),
    unit="cosine, plain less batch norm",
    expected={
        "small": Expectation(
            outcome="inconclusive",
            because="At 0.01 the order is the paper's, by about as much as the smallest "
            "difference that counts.",
            depends_on_scale=True,
        )
    },
    figures=(gradient_shift("cosine", 0.01),),
    substitution=Substitution(better="lower", margin=0.1),
)
