"""Internal covariate shift, by the paper's gradients, is larger with batch norm.

Santurkar et al. 2018, section 2.2, definition 2.1, figure 3 (a), a single run. In the pilot (seeds 50-52)
the shift with batch norm was 0.51, 0.71 and 0.72 of the plain network's, and larger at the very first
steps only.
"""

import math
from collections.abc import Callable

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Expectation, Row, Rows, Substitution
from bnref.evidence.verdict import above
from reproductions.beds import leaves_chance
from reproductions.deep_perceptrons import DEEP_PROTOCOL, GRADIENT_SHIFT, OTHERS
from reproductions.paper_beds import santurkar_settings
from reproductions.santurkar_figures import gradient_shift

DEFINITION = (
    "Every five steps: G, the gradient of a layer's weights, and G' after the layers before it took the "
    "step of the optimiser, on the same batch; layers at a half and three quarters of the depth, median over "
    "the steps. "
)


def compared(rows: Rows, measure: Callable[[Row, Row], Effect]) -> Effect:
    """measure(plain, batch norm), where both end above 30 % training accuracy."""
    plain, normalised = rows.one(norm="identity"), rows.without(norm=OTHERS)[0]
    if not (leaves_chance(plain) and leaves_chance(normalised)):
        return UNDEFINED
    return measure(plain, normalised)


def larger_shift(rows: Rows) -> Effect:
    """log2 of the shift with batch norm over that without."""
    return compared(rows, lambda plain, bn: math.log2(bn["shift"] / plain["shift"]))


CLAIM = Claim(
    id="SA18-6",
    headline="more covariate shift of gradients",
    locator="section 2.2, definition 2.1, figure 3 (a)",
    statement="The internal covariate shift ||G - G'|| of definition 2.1 is at least 1.25 times as large "
    "with batch normalisation as without.",
    protocol=DEEP_PROTOCOL
    + DEFINITION
    + "Judged where both arms end above 30 % training accuracy.",
    settings=santurkar_settings(GRADIENT_SHIFT, images=640),
    effect=larger_shift,
    region=above(math.log2(1.25)),
    unit="log2 of the shift, batch norm over plain",
    expected={
        "small": Expectation(
            outcome="refuted",
            because="At a rate that suits both, the plain network's gradients change more than they are "
            "large from one step to the next; batch norm's weights grow and its gradients shrink with them.",
            depends_on_scale=True,
        )
    },
    figures=(gradient_shift("shift", 0.1),),
    substitution=Substitution(better="lower", margin=0.5),
)
