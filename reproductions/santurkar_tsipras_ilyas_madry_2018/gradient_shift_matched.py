"""At equal training loss, relative to the gradient, internal covariate shift is larger with batch norm.

Santurkar et al. 2018, definition 2.1, figure 3 (a), whose curves cross once batch norm has fitted the data;
so the card (SA18-6) matches the two networks on their loss and takes the scale of the gradient out. In the
pilot (seeds 50-58) the relative shift with batch norm was 0.70 to 0.84 of the plain network's.
"""

import math

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Expectation, Row, Rows, Substitution
from bnref.evidence.effects import matched
from bnref.evidence.figure import Band
from bnref.evidence.verdict import above
from reproductions.deep_perceptrons import DEEP_PROTOCOL, GRADIENT_SHIFT
from reproductions.paper_beds import santurkar_settings
from reproductions.santurkar_tsipras_ilyas_madry_2018.gradient_shift import DEFINITION, compared


def at_equal_loss(plain: Row, normalised: Row) -> Effect:
    """log2 of the relative shift at losses that both networks have, batch norm over plain."""
    found = matched((plain, normalised), "relative_shift", by="loss")
    return UNDEFINED if found is None else math.log2(found[1] / found[0])


def larger_shift(rows: Rows) -> Effect:
    """The same of the rows of a seed."""
    return compared(rows, at_equal_loss)


CLAIM = Claim(
    id="SA18-6-matched",
    locator="section 2.2, definition 2.1, figure 3 (a)",
    statement="At equal training loss the shift of definition 2.1 relative to the gradient, ||G - G'|| / "
    "||G||, is at least 1.25 times as large with batch normalisation as without.",
    protocol=DEEP_PROTOCOL
    + DEFINITION
    + "Only steps count whose loss lies above the lower and below the upper decile of both networks' "
    "losses. Judged where both arms end above 30 % training accuracy.",
    settings=santurkar_settings(GRADIENT_SHIFT, images=640),
    effect=larger_shift,
    region=above(math.log2(1.25)),
    unit="log2 of the relative shift, batch norm over plain",
    expected={
        "small": Expectation(
            outcome="refuted",
            because="At 0.1 the plain network's gradient changes by more than its own size in a step of the "
            "layers below, whatever its loss; batch norm's by four fifths of it.",
            depends_on_scale=True,
        )
    },
    figures=(
        Band(
            series="relative_shift",
            hue="norm",
            x="step",
            x_label="training step",
            y_label="||G - G'|| / ||G||",
            title="Internal covariate shift of definition 2.1 relative to the gradient",
        ),
    ),
    substitution=Substitution(better="lower", margin=0.5),
)
