"""The distributions of layers' inputs are about as stable with batch norm as without.

Santurkar et al. 2018, section 2, figure 1 (c), with the metric of figure 8. "About" is a factor of 1.5
here, fixed before any run. In the pilot (seeds 50-52) the plain network's moved 23 to 46 times as much.
"""

import math
from dataclasses import replace

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Expectation, Rows, Substitution
from bnref.evidence.verdict import within
from reproductions.beds import leaves_chance
from reproductions.deep_perceptrons import DEEP_PROTOCOL, LAYER_INPUTS, OTHERS, SHIFT_PROTOCOL
from reproductions.paper_beds import santurkar_settings
from reproductions.santurkar_figures import PERCENTILES, shift

SETTING = replace(LAYER_INPUTS, seeds=20)


def steadier(rows: Rows, place: str) -> Effect:
    """log2 of the shift, plain over batch norm, of mean or variance: the one larger in size."""
    plain, normalised = rows.one(norm="identity"), rows.without(norm=OTHERS)[0]
    if not (leaves_chance(plain) and leaves_chance(normalised)):
        return UNDEFINED
    names = (f"{place}_mean_shift", f"{place}_variance_shift")
    return max((math.log2(plain[name] / normalised[name]) for name in names), key=abs)


def steadier_inputs(rows: Rows) -> Effect:
    """The same at the inputs of layers, behind the ReLU."""
    return steadier(rows, "input")


CLAIM = Claim(
    id="SA18-3",
    locator="section 2, figure 1 (c)",
    statement="The means and variances of layers' inputs change from step to step as much with batch "
    "normalisation as without, within a factor of 1.5.",
    protocol=f"{DEEP_PROTOCOL}{SHIFT_PROTOCOL}Inputs are taken behind the ReLU, where the next layer "
    "reads them. Judged where both arms end above 30 % training accuracy.",
    settings=santurkar_settings(SETTING, images=1920),
    effect=steadier_inputs,
    region=within(-math.log2(1.5), math.log2(1.5)),
    unit="log2 of the shift, plain over batch norm",
    expected={
        "small": Expectation(
            outcome="refuted",
            because="Batch norm fixes mean and variance before the ReLU up to two slow parameters, and so "
            "nearly fixes what the next layer reads; the paper's own figure 8 has such ratios.",
        )
    },
    figures=(shift("input", "mean", "identity", "batch_norm"), PERCENTILES),
    substitution=Substitution(better="higher", margin=0.5),
)
