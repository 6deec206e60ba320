"""In a deep linear network gradients keep their direction without batch norm and lose it with it.

Santurkar et al. 2018, definition 2.1, figure 3 (b), at the rate of the paper's later versions. The bound is
half of the difference between a direction that is kept (cosine 1) and one that is lost (0). Pilots (20
seeds, medians): without a normaliser 1.00 at both layers, with batch norm 0.77 (layer 9) and -0.07 (17).
"""

from statistics import mean

from bnref.evidence.claim import (
    UNDEFINED,
    Claim,
    Effect,
    Expectation,
    Rows,
    Substitution,
)
from bnref.evidence.verdict import above
from reproductions.deep_linear import DEEP_LINEAR_PROTOCOL, DEEP_LINEAR_SETTINGS, at_rate, cosines

COSINES = ("cosine_9", "cosine_17")


def lost_direction(rows: Rows, rate: float) -> Effect:
    """cos(G, G') without a normaliser less that with batch norm, mean of two layers.

    Undefined where a run diverged: it has no cosine.
    """
    plain, normalised = at_rate(rows, rate)
    if plain.diverged or normalised.diverged:
        return UNDEFINED
    return mean(plain[name] - normalised[name] for name in COSINES)


CLAIM = Claim(
    id="SA18-7",
    locator="section 2.2, figure 3 (b), appendix A.1",
    statement="In a 25-layer linear network at rate 1e-7 the gradient of a layer before and after the "
    "layers below it take their step has a cosine at least 0.5 higher without batch normalisation.",
    protocol=f"{DEEP_LINEAR_PROTOCOL} Every 100 steps, G is the gradient of W_i at step t and G' the one "
    "with all that lies below W_i at step t + 1. Median cosine from step 1,000 on, mean of layers 9 and 17.",
    settings=DEEP_LINEAR_SETTINGS,
    effect=lambda rows: lost_direction(rows, 1e-7),
    region=above(0.5),
    unit="difference of cosines, no normaliser less batch norm",
    figures=(
        cosines(9, {"identity-lr1e-07": 1.0, "batch_norm-lr1e-07": -0.8}),
        cosines(17, {"identity-lr1e-07": 1.0, "batch_norm-lr1e-07": -0.93}),
    ),
    expected={
        "small": Expectation(
            outcome="inconclusive",
            because="In pilots 10 of 20 effects reach 0.5, median 0.43: with batch norm layer 17 loses its "
            "direction and layer 9 keeps most of it, and six plain networks turned theirs around.",
        )
    },
    substitution=Substitution(better="higher", margin=0.25),
)
