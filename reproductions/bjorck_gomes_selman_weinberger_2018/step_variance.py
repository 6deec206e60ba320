"""Dividing by the batch's deviation alone allows larger first steps (Bjorck et al. 2018, appendix K).

Pilots on seeds 50-57: 0.2 to 1.9 decades, six of eight above the bound.
"""

from bnref.evidence.claim import Claim, Expectation
from bnref.evidence.verdict import above
from reproductions.bjorck_figures import FIRST_BATCH
from reproductions.bjorck_gomes_selman_weinberger_2018.step_mean import alone, farther
from reproductions.deep_nets import STEP_PROTOCOL

CLAIM = Claim(
    id="BJ18-15-variance",
    locator="appendix K, with a variant that the paper does not have",
    statement="Dividing by the deviation of the batch, without subtracting its mean, lets a deep "
    "residual network take steps along its first gradient at least five times as large.",
    protocol=STEP_PROTOCOL + "At the first batch.",
    settings=alone("variance_only", "VarianceOnly"),
    effect=farther,
    region=above(0.7),
    unit="decades",
    figures=(FIRST_BATCH,),
    expected={
        "small": Expectation(
            outcome="inconclusive",
            because="In pilots two of eight seeds gain a factor of two only and the others five and more: "
            "twelve seeds hardly tell such a share from a half.",
        )
    },
)
