"""The gradient turns more, when earlier layers step, with batch norm: the cosine of definition 2.1.

Santurkar et al. 2018, section 2.2, figure 3 (a). The cosine does not depend on the size of weights, which
the distance of SA18-6 does. In the pilot (seeds 50-52) it was 0.52 to 0.58 with batch norm, 0.19 to 0.28
without.
"""

from bnref.evidence.claim import Claim, Effect, Expectation, Rows, Substitution
from bnref.evidence.verdict import above
from reproductions.deep_perceptrons import DEEP_PROTOCOL, GRADIENT_SHIFT
from reproductions.paper_beds import santurkar_settings
from reproductions.santurkar_figures import gradient_shift
from reproductions.santurkar_tsipras_ilyas_madry_2018.gradient_shift import DEFINITION, compared


def smaller_cosine(rows: Rows) -> Effect:
    """Cosine of G and G' without a normaliser less that with batch norm."""
    return compared(rows, lambda plain, bn: plain["cosine"] - bn["cosine"])


CLAIM = Claim(
    id="SA18-6-cosine",
    locator="section 2.2, definition 2.1, figure 3 (a)",
    statement="The cosine of G and G' of definition 2.1 is at least 0.05 lower with batch "
    "normalisation than without.",
    protocol=DEEP_PROTOCOL
    + DEFINITION
    + "Judged where both arms end above 30 % training accuracy.",
    settings=santurkar_settings(GRADIENT_SHIFT, images=640),
    effect=smaller_cosine,
    region=above(0.05),
    unit="cosine, plain less batch norm",
    expected={
        "small": Expectation(
            outcome="refuted",
            because="The cosine measures rate times curvature: at 0.1 the plain network's gradient turns "
            "by 75 degrees in a step of the layers before. At a tenth of the rate the order "
            "changes (SA18-6-small-rate).",
            depends_on_scale=True,
        )
    },
    figures=(gradient_shift("cosine", 0.1),),
    substitution=Substitution(better="lower", margin=0.1),
)
