"""Either part of Fixup's initialisation is enough to train a deep network: they are redundant.

De & Smith 2020 on Fixup: (1) the last layer of each branch and the classifier start at 0, (2) the other
layer is scaled by d^(-1/2). In three pilots either trains 32 blocks of two layers, and neither does not.
"""

from dataclasses import replace

from bnref.evidence.claim import Arm, Claim, Rows
from bnref.evidence.verdict import above
from reproductions.residual import TRAINED, TRAINED_PROTOCOL, TRAINING, error_curve, trains

DEPTH = 32
SMALL = replace(
    TRAINED,
    arms=(
        Arm("neither", {"part": "neither"}),
        Arm("zero", {"part": "zero", "last": 0.0, "head": 0.0}),
        Arm("rescaled", {"part": "rescaled", "first": DEPTH**-0.5}),
    ),
    fixed={**TRAINED.fixed, "form": "skip_init_1", "depth": DEPTH, "layers": 2},
)


def either_suffices(rows: Rows) -> float:
    """1 where each part alone trains and no part does not, -1 the other way round."""
    neither, zero, rescaled = (
        float(trains(rows.one(part=part))) for part in ("neither", "zero", "rescaled")
    )
    return min(zero, rescaled) - neither


CLAIM = Claim(
    id="DS20-9",
    locator="section on Fixup",
    statement="Without normalisation a residual network of 32 two-layer blocks trains with either part of "
    "Fixup's initialisation alone, zeros in last layers or rescaled first layers, and not with "
    "neither, in most seeds.",
    protocol=TRAINED_PROTOCOL.replace("4, 16 or 64 blocks", "32 blocks of two layers")
    + " Fixup's scalar multipliers and biases in all arms."
    + TRAINING,
    settings={"small": SMALL, "smoke": SMALL.shrunk(images=160)},
    effect=either_suffices,
    region=above(0.5),
    unit="seeds that train, least of both parts less neither",
    figures=(replace(error_curve("Test error with parts of Fixup's initialisation"), hue="part"),),
)
