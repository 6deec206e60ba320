"""The same as SA18-7 at the ten times larger rate that version 3 of the paper shows beside it.

There its own figure has no such contrast at layer 17 (card SA18-7): cosines follow the rate, since descent
that oscillates turns its gradient around with or without a normaliser. Pilots (20 seeds, medians): without
a normaliser 0.99 (layer 9) and -0.96 (17), with batch norm 0.94 and -0.69.
"""

from dataclasses import replace

from bnref.evidence.claim import Effect, Expectation, Rows
from reproductions.deep_linear import cosines
from reproductions.santurkar_tsipras_ilyas_madry_2018 import linear_gradient_shift


def lost_direction(rows: Rows) -> Effect:
    """The effect of SA18-7 at the larger rate."""
    return linear_gradient_shift.lost_direction(rows, 1e-6)


CLAIM = replace(
    linear_gradient_shift.CLAIM,
    id="SA18-7-rate",
    locator="section 2.2, figure 3 (b) of version 3, lower row",
    statement="In a 25-layer linear network at rate 1e-6 the gradient of a layer before and after the "
    "layers below it take their step has a cosine at least 0.5 higher without batch normalisation.",
    effect=lost_direction,
    figures=(
        cosines(9, {"identity-lr1e-06": 0.93, "batch_norm-lr1e-06": 0.85}),
        cosines(17, {"identity-lr1e-06": -0.91, "batch_norm-lr1e-06": -0.85}),
    ),
    expected={
        "small": Expectation(
            outcome="refuted",
            because="Seeds are of two kinds: in 13 of 20 pilots the effect is at most 0, since the plain "
            "network's gradient turns around at layer 17 too, in the other 7 it is at least 0.79.",
        )
    },
)
